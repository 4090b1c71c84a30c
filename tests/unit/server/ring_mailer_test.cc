// SPDX-License-Identifier: Apache-2.0
#include "server/turn/ring_mailer.h"

#include <gtest/gtest.h>

#include <string>

namespace sluice::server {
namespace {

using core::ShardIndex;

/// Mail of one letter; as all mail it begins with its kind and seven bytes that are not its own.
void write(RingMailer& mailer, ShardIndex to, char letter) {
  const MutableByteView room = mailer.reserve(to, 9);
  std::ranges::fill(room, std::uint8_t{0});
  room[8] = static_cast<std::uint8_t>(letter);
}

class RingMail : public ::testing::Test {
 protected:
  std::string received(RingMailer& mailer) {
    std::string letters;
    mailer.receive([&](ShardIndex, ByteView record) { letters += static_cast<char>(record[8]); });
    return letters;
  }

  ServerMetrics metrics_;
  RingMatrix rings_{3, 4096};
  RingMailer a_{rings_, ShardIndex{0}, 1 << 20, metrics_};
  RingMailer b_{rings_, ShardIndex{1}, 1 << 20, metrics_};
  RingMailer c_{rings_, ShardIndex{2}, 1 << 20, metrics_};
};

TEST_F(RingMail, IsSeenOnceItIsShown) {
  write(a_, ShardIndex{2}, 'x');
  EXPECT_EQ(received(c_), "");
  EXPECT_EQ(a_.flush(), 4U);
  EXPECT_TRUE(c_.may_have_mail());
  EXPECT_EQ(received(c_), "x");
  EXPECT_FALSE(c_.may_have_mail());
  EXPECT_EQ(received(c_), "");
}

TEST_F(RingMail, ComesInTheOrderInWhichOneCouldCauseTheOther) {
  write(b_, ShardIndex{2}, '1');
  b_.flush();
  write(a_, ShardIndex{2}, '2');
  write(a_, ShardIndex{2}, '3');
  a_.flush();
  write(b_, ShardIndex{2}, '4');
  b_.flush();
  write(a_, ShardIndex{2}, '5');
  a_.flush();
  EXPECT_EQ(received(c_), "12345");
}

TEST_F(RingMail, WrittenBeforeAndShownAfterOtherMailKeepsThePairsOrder) {
  write(a_, ShardIndex{2}, 'p');
  write(b_, ShardIndex{2}, 'q');
  b_.flush();
  write(a_, ShardIndex{2}, 'r');
  a_.flush();
  const std::string letters = received(c_);
  EXPECT_EQ(letters.size(), 3U);
  EXPECT_LT(letters.find('p'), letters.find('r'));
  EXPECT_LT(letters.find('q'), letters.find('r'));
}

TEST_F(RingMail, ThatWaitedForRoomStillComesInOrder) {
  for (int i = 0; i < 1000; ++i) write(a_, ShardIndex{2}, static_cast<char>('a' + i % 26));
  EXPECT_TRUE(a_.has_overflow());
  std::string letters;
  while (letters.size() < 1000) {
    a_.flush();
    letters += received(c_);
  }
  for (std::size_t i = 0; i < letters.size(); ++i)
    ASSERT_EQ(letters[i], static_cast<char>('a' + i % 26));
}

}  // namespace
}  // namespace sluice::server
