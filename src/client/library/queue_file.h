// SPDX-License-Identifier: Apache-2.0
//
// A QueueFile keeps QoS 1 and 2 messages in a file until the server has them: records appended one
// behind the other, each with a checksum. What is done leaves garbage; when that is most of the
// file, what is alive is copied to a new one that takes the old one's name.
//
// Owner:   ClientBody.      Thread: any, under a lock of its own.
// Never:   a message that append() has taken is missing after the end of the process; with
//          durability::power also after a power cut.
// Limits:  those of PublishQueue, and four times as much of garbage.
// Format:  docs/internals/client_queue.md.
#pragma once

#include "base/bytes.h"
#include "base/result.h"
#include "base/time.h"
#include "client/library/message_store.h"
#include "client/library/publish_queue.h"
#include "os/file/file_disk.h"
#include "os/mutex.h"

#include <sluice/options.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace sluice::client {

class QueueFile final : public MessageStore {
 public:
  /// How far a message had come.
  enum class Progress : std::uint8_t { waiting, sent, received };
  struct Kept {
    OutgoingMessage message;  ///< its views live until the visit returns
    Progress progress = Progress::waiting;
    codec::PacketId packet_id = 0;
  };

  /// What an earlier run has left is read and checked; what follows a damaged record is lost.
  /// would_block if another client has the file. `disk` outlives the object.
  static Result<std::unique_ptr<QueueFile>> open(os::Disk& disk, std::string path,
                                                 v1::durability durability);
  class Key;  ///< only open() can make one
  QueueFile(Key, os::Disk& disk, std::string path, v1::durability durability);

  Result<std::uint64_t> append(const OutgoingMessage& message) override;
  void sent(std::uint64_t sequence, codec::PacketId id) override;
  void received(std::uint64_t sequence) override;
  void done(std::uint64_t sequence) override;
  void flush() override;

  /// All that is kept, oldest first. An error of the file ends the walk.
  Result<void> visit(const std::function<void(const Kept&)>& visitor);
  /// Bytes at the end of the file that made no whole record when it was opened.
  std::uint64_t damaged_bytes() const { return damaged_bytes_; }

 private:
  enum class Kind : std::uint8_t { publish = 1, sent, received, done };
  struct Place {
    std::uint64_t offset = 0;
    std::uint32_t bytes = 0;  ///< of the whole record
    Progress progress = Progress::waiting;
    codec::PacketId packet_id = 0;
  };

  Result<void> recover() SLUICE_THREAD_ATTRIBUTE(requires_capability(mutex_));
  void take(ByteView body, std::uint64_t offset, std::uint32_t bytes)
      SLUICE_THREAD_ATTRIBUTE(requires_capability(mutex_));
  Result<void> compact() SLUICE_THREAD_ATTRIBUTE(requires_capability(mutex_));
  void note(Kind kind, std::uint64_t sequence, codec::PacketId id)
      SLUICE_THREAD_ATTRIBUTE(requires_capability(mutex_));
  Result<void> write_notes() SLUICE_THREAD_ATTRIBUTE(requires_capability(mutex_));
  Result<void> write(ByteView bytes) SLUICE_THREAD_ATTRIBUTE(requires_capability(mutex_));
  Result<std::vector<std::uint8_t>> read_record(const Place& place) const
      SLUICE_THREAD_ATTRIBUTE(requires_capability(mutex_));

  os::Disk& disk_;
  const std::string path_;
  const v1::durability durability_;
  std::unique_ptr<os::DiskLock> lock_;
  std::uint64_t damaged_bytes_ = 0;

  os::Mutex mutex_;
  std::unique_ptr<os::DiskFile> file_ SLUICE_GUARDED_BY(mutex_);
  std::uint64_t end_ SLUICE_GUARDED_BY(mutex_) = 0;
  std::uint64_t alive_bytes_ SLUICE_GUARDED_BY(mutex_) = 0;
  std::uint64_t last_sequence_ SLUICE_GUARDED_BY(mutex_) = 0;
  std::map<std::uint64_t, Place> alive_ SLUICE_GUARDED_BY(mutex_);
  std::vector<std::uint8_t> notes_ SLUICE_GUARDED_BY(mutex_);  ///< not written yet
};

class QueueFile::Key {
  friend class QueueFile;
  Key() = default;
};

}  // namespace sluice::client
