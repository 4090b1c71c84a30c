// SPDX-License-Identifier: Apache-2.0
//
// Writes the hand-written packets and one property of each row as seeds, in the form that
// packet_fuzz and property_fuzz read. Usage: codec_seeds FOLDER
#include "tests/unit/codec/property_sites.h"
#include "tests/unit/codec/samples.h"

#include <filesystem>
#include <fstream>

namespace {

bool write(const std::filesystem::path& path, const sluice::testing::Bytes& bytes) {
  std::filesystem::create_directories(path.parent_path());
  std::ofstream file(path, std::ios::binary);
  for (const std::uint8_t byte : bytes) file.put(static_cast<char>(byte));
  return static_cast<bool>(file.flush());
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  const std::filesystem::path folder = argv[1];
  bool is_written = true;
  for (const sluice::codec::Sample& sample : sluice::codec::samples()) {
    const unsigned version = static_cast<unsigned>(sample.version) - 3;
    const unsigned direction = static_cast<unsigned>(sample.direction);
    sluice::testing::Bytes seed{static_cast<std::uint8_t>(version * 2 + direction)};
    sluice::testing::append(seed, sample.bytes());
    is_written &= write(folder / "packet" / sample.name, seed);
  }
  for (const sluice::codec::PropertyInfo& info : sluice::codec::all_properties()) {
    for (std::uint8_t type = 0; type < 16; ++type) {
      if (((info.packets >> type) & 1U) == 0) continue;
      sluice::testing::Bytes seed{type};
      sluice::testing::append(seed, valid_property(info));
      is_written &= write(folder / "property" / (info.name + std::to_string(type)), seed);
    }
  }
  return is_written ? 0 : 1;
}
