// SPDX-License-Identifier: Apache-2.0
#include "os/clock.h"
#include "os/entropy.h"
#include "os/file.h"
#include "os/process/cgroup.h"
#include "os/process/resources.h"
#include "os/process/service_notifier.h"
#include "os/process/signal_queue.h"
#include "os/reactor/reactor.h"

#include <gtest/gtest.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace sluice::os {
namespace {

/// A folder of its own for one test, removed at its end.
class Folder {
 public:
  explicit Folder(const std::string& name)
      : path_(std::filesystem::temp_directory_path() /
              ("sluice-" + std::to_string(::getpid()) + "-" + name)) {
    std::filesystem::create_directories(path_);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() { std::filesystem::remove_all(path_); }

  void write(const std::string& file, const std::string& text) const {
    const auto path = path_ / file;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path) << text;
  }
  std::string text() const { return path_.string(); }

 private:
  std::filesystem::path path_;
};

TEST(Clock, DoesNotGoBack) {
  const Instant first = monotonic_now();
  EXPECT_GE(monotonic_now(), first);
  EXPECT_GT(wall_now().ns, 1'600'000'000LL * 1'000'000'000);
}

TEST(Entropy, DoesNotRepeatItself) {
  EXPECT_NE(random_seed(), random_seed());
  EXPECT_NE(random_hash_key(), random_hash_key());
  std::array<std::uint8_t, 64> bytes{};
  fill_with_entropy(bytes);
  EXPECT_FALSE(std::ranges::all_of(bytes, [](std::uint8_t byte) { return byte == 0; }));
}

TEST(File, IsReadWhole) {
  const Folder folder("file");
  folder.write("text", std::string(10'000, 'x'));
  EXPECT_EQ(read_file(folder.text() + "/text", 10'000).value(), std::string(10'000, 'x'));
}

TEST(File, IsRefusedAboveTheLimit) {
  const Folder folder("big");
  folder.write("text", "12345");
  EXPECT_EQ(read_file(folder.text() + "/text", 4).error().code, ErrorCode::limit_exceeded);
}

TEST(File, SaysThatItDoesNotExist) {
  EXPECT_EQ(read_file("/nonexistent/file", 1).error().code, ErrorCode::not_found);
}

TEST(SignalQueue, TurnsSignalsIntoEvents) {
  auto queue = SignalQueue::create().value();
  auto reactor = Reactor::create().value();
  ASSERT_TRUE(reactor->add(queue->fd(), 1, Watch::level_read));
  EXPECT_FALSE(queue->next());
  ASSERT_EQ(::kill(::getpid(), SIGHUP), 0);
  ASSERT_EQ(reactor->wait(5s).size(), 1U);
  EXPECT_EQ(queue->next(), Signal::hang_up);
  ASSERT_EQ(::raise(SIGTERM), 0);
  EXPECT_EQ(queue->next(), Signal::terminate);
  ASSERT_EQ(::raise(SIGINT), 0);
  EXPECT_EQ(queue->next(), Signal::interrupt);
  EXPECT_FALSE(queue->next());
}

TEST(SignalQueue, PutsTheMaskBack) {
  sigset_t before;
  sigset_t after;
  ::pthread_sigmask(SIG_SETMASK, nullptr, &before);
  {
    const auto queue = SignalQueue::create().value();
  }
  ::pthread_sigmask(SIG_SETMASK, nullptr, &after);
  EXPECT_EQ(sigismember(&before, SIGTERM), sigismember(&after, SIGTERM));
}

TEST(SignalQueue, HasBrokenPipesIgnored) {
  const auto queue = SignalQueue::create().value();
  EXPECT_EQ(::raise(SIGPIPE), 0);
}

class ServiceNotifierTest : public ::testing::Test {
 protected:
  void SetUp() override {
    name_ = "@sluice-notify-" + std::to_string(::getpid());
    const auto address = SocketAddress::from_unix_path(name_).value();
    supervisor_ = FileDescriptor(::socket(AF_UNIX, SOCK_DGRAM, 0));
    ASSERT_EQ(::bind(supervisor_.get(), address.data(), static_cast<socklen_t>(address.size())), 0);
  }
  std::string received() const {
    std::array<char, 256> text{};
    const auto size = ::recv(supervisor_.get(), text.data(), text.size(), MSG_DONTWAIT);
    return size < 0 ? "" : std::string(text.data(), static_cast<std::size_t>(size));
  }

  std::string name_;
  FileDescriptor supervisor_;
};

TEST_F(ServiceNotifierTest, TellsTheSupervisorInItsWords) {
  const auto notifier = ServiceNotifier::to(name_, 10s).value();
  EXPECT_TRUE(notifier.is_supervised());
  EXPECT_EQ(notifier.watchdog_period(), Duration(5s));
  ASSERT_TRUE(notifier.ready("Listening on 1883"));
  EXPECT_EQ(received(), "READY=1\nSTATUS=Listening on 1883");
  ASSERT_TRUE(notifier.reloading(Instant{5'000'000}));
  EXPECT_EQ(received(), "RELOADING=1\nMONOTONIC_USEC=5000");
  ASSERT_TRUE(notifier.watchdog());
  EXPECT_EQ(received(), "WATCHDOG=1");
  ASSERT_TRUE(notifier.stopping(""));
  EXPECT_EQ(received(), "STOPPING=1");
}

TEST_F(ServiceNotifierTest, SaysNothingWithoutASupervisor) {
  const auto notifier = ServiceNotifier::to("", 0s).value();
  EXPECT_FALSE(notifier.is_supervised());
  EXPECT_TRUE(notifier.ready("x").has_value());
  EXPECT_EQ(received(), "");
}

TEST_F(ServiceNotifierTest, ReportsASupervisorThatIsGone) {
  const auto notifier = ServiceNotifier::to(name_, 0s).value();
  supervisor_.close();
  EXPECT_FALSE(notifier.ready("").has_value());
}

TEST(Cgroup, ReadsTheSmallestLimitOfVersionTwo) {
  const Folder root("cgroup2");
  root.write("proc/self/cgroup", "0::/system/sluice\n");
  root.write("sys/fs/cgroup/memory.max", "max\n");
  root.write("sys/fs/cgroup/system/memory.max", "1000000\n");
  root.write("sys/fs/cgroup/system/sluice/memory.max", "2000000\n");
  root.write("sys/fs/cgroup/system/sluice/cpu.max", "150000 100000\n");
  const Cgroup cgroup(root.text());
  EXPECT_EQ(cgroup.memory_bytes_max(), 1'000'000U);
  EXPECT_EQ(cgroup.cpu_milli_max(), 1500U);
}

TEST(Cgroup, KnowsNoLimitWhereVersionTwoHasNone) {
  const Folder root("cgroup2none");
  root.write("proc/self/cgroup", "0::/\n");
  root.write("sys/fs/cgroup/memory.max", "max\n");
  root.write("sys/fs/cgroup/cpu.max", "max 100000\n");
  const Cgroup cgroup(root.text());
  EXPECT_FALSE(cgroup.memory_bytes_max());
  EXPECT_FALSE(cgroup.cpu_milli_max());
}

TEST(Cgroup, ReadsTheLimitsOfVersionOne) {
  const Folder root("cgroup1");
  root.write("proc/self/cgroup", "9:memory:/docker/abc\n4:cpu,cpuacct:/docker/abc\n0::/\n");
  root.write("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
  root.write("sys/fs/cgroup/memory/docker/abc/memory.limit_in_bytes", "536870912\n");
  root.write("sys/fs/cgroup/cpu/docker/abc/cpu.cfs_quota_us", "50000\n");
  root.write("sys/fs/cgroup/cpu/docker/abc/cpu.cfs_period_us", "100000\n");
  root.write("sys/fs/cgroup/cpu/cpu.cfs_quota_us", "-1\n");
  root.write("sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n");
  const Cgroup cgroup(root.text());
  EXPECT_EQ(cgroup.memory_bytes_max(), 536'870'912U);
  EXPECT_EQ(cgroup.cpu_milli_max(), 500U);
}

TEST(Cgroup, FindsTheLimitOfAContainerThatCannotSeeItsOwnPath) {
  const Folder root("cgroupns");
  root.write("proc/self/cgroup", "0::/outside/of/the/container\n");
  root.write("sys/fs/cgroup/memory.max", "4096\n");
  EXPECT_EQ(Cgroup(root.text()).memory_bytes_max(), 4096U);
}

TEST(Resources, RaisesTheDescriptorLimitToTheHardOne) {
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  rlimit low = before;
  low.rlim_cur = 100;
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &low), 0);
  EXPECT_EQ(raise_descriptor_limit().value(), before.rlim_max);
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
}

TEST(Resources, CountsOnlyTheProcessorsOfTheAffinity) {
  cpu_set_t before;
  ASSERT_EQ(::sched_getaffinity(0, sizeof before, &before), 0);
  EXPECT_LE(cpu_count(), static_cast<unsigned>(CPU_COUNT(&before)));
  cpu_set_t one;
  CPU_ZERO(&one);
  for (std::size_t cpu = 0; cpu < CPU_SETSIZE && CPU_COUNT(&one) == 0; ++cpu)
    if (CPU_ISSET(cpu, &before)) CPU_SET(cpu, &one);
  ASSERT_EQ(::sched_setaffinity(0, sizeof one, &one), 0);
  EXPECT_EQ(cpu_count(), 1U);
  ASSERT_EQ(::sched_setaffinity(0, sizeof before, &before), 0);
}

TEST(Resources, SeesWhatTheProcessUses) {
  const ProcessUsage before = process_usage();
  EXPECT_GT(before.resident_bytes, 100'000U);
  EXPECT_LT(before.resident_bytes, memory_bytes_total());
  const FileDescriptor more(::dup(0));
  volatile std::uint64_t sum = 0;
  Duration used{0};
  while (used < 5ms) {
    for (std::uint64_t i = 0; i < 100'000; ++i) sum = sum + i;
    used = process_usage().cpu_time - before.cpu_time;
  }
  EXPECT_EQ(process_usage().descriptors, before.descriptors + 1);
}

TEST(Resources, ReservingDescriptorsMakesTheTableLargeAndOpensNone) {
  const auto table_size = [] {
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);)
      if (line.starts_with("FDSize:")) return std::stoul(line.substr(7));
    return 0UL;
  };
  rlimit limit{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &limit), 0);
  const auto count = std::min<std::uint64_t>(limit.rlim_cur, 1000);
  const std::uint64_t before = process_usage().descriptors;
  reserve_descriptors(count);
  EXPECT_GE(table_size(), count);
  EXPECT_EQ(process_usage().descriptors, before);
}

}  // namespace
}  // namespace sluice::os
