// SPDX-License-Identifier: Apache-2.0
#include "cli/store/record_json.h"

#include "cli/output/base64.h"
#include "cli/output/json_text.h"
#include "codec/utf8.h"
#include "core/state/record_codec.h"

#include <concepts>
#include <type_traits>

namespace sluice::cli {
namespace {

class JsonArchive {
 public:
  explicit JsonArchive(std::string& out) : out_(out) {}

  template <class Value>
  void operator()(const char* name, Value value) {
    if constexpr (std::is_same_v<Value, ByteView> || std::is_same_v<Value, std::string_view>) {
      put_text(name, value);
    } else {
      put_name(name);
      put(value);
    }
  }

 private:
  void put_name(std::string_view name) { out_.append(", \"").append(name).append("\": "); }
  void put_text(std::string_view name, ByteView bytes) { put_text(name, as_text(bytes)); }
  void put_text(std::string_view name, std::string_view text) {
    if (codec::is_valid_utf8(text)) {
      put_name(name);
      append_json_string(text, out_);
      return;
    }
    put_name(std::string(name) + "_base64");
    out_.append("\"").append(base64(as_bytes(text))).append("\"");
  }
  void put(bool value) { out_.append(value ? "true" : "false"); }
  void put(std::unsigned_integral auto value) { out_.append(std::to_string(value)); }
  template <class Enum>
    requires std::is_enum_v<Enum>
  void put(Enum value) {
    out_.append(std::to_string(static_cast<unsigned>(value)));
  }
  void put(WallTime value) { out_.append(std::to_string(value.ns)); }
  void put(core::logged::Ago value) { out_.append(std::to_string(value.value.count())); }
  void put(codec::SubscriptionOptions value) { out_.append(std::to_string(value.to_byte())); }
  void put(std::span<const std::uint32_t> list) {
    out_.append("[");
    for (std::size_t i = 0; i < list.size(); ++i)
      out_.append(i == 0 ? "" : ", ").append(std::to_string(list[i]));
    out_.append("]");
  }

  std::string& out_;
};

}  // namespace

Result<void> append_records_json(ByteView batch, std::string& out) {
  core::RecordReader reader(batch);
  std::string_view between;
  out.append("[");
  while (true) {
    SLUICE_TRY(auto record, reader.next());
    if (!record) break;
    out.append(between);
    between = ", ";
    std::visit(
        [&out](auto& each) {
          out.append("{\"kind\": \"").append(core::logged::name_of(each.kind)).append("\"");
          JsonArchive archive(out);
          fields(archive, each);
          out.append("}");
        },
        *record);
  }
  out.append("]");
  return {};
}

}  // namespace sluice::cli
