// Zip archives as numpy.savez and numpy.savez_compressed write them (PKWARE's APPNOTE.TXT): the central directory at
// the end lists the entries; zlib inflates them.
#include <zlib.h>

#include "quantize/npy.hpp"

namespace netsuke {
namespace {

[[noreturn]] void damaged(const std::string& place, std::string message) {
  fail_data("calibration-damaged", place, std::move(message), "write the file again with numpy.savez");
}

struct Archive {
  const std::string& bytes;
  const std::string& place;

  uint64_t number(size_t at, size_t size) const {
    if (at > bytes.size() || size > bytes.size() - at) damaged(place, "the archive is cut off");
    uint64_t value = 0;
    for (size_t i = size; i-- > 0;) value = value << 8 | static_cast<unsigned char>(bytes[at + i]);
    return value;
  }
};

struct Entry {
  std::string name;
  uint64_t method, crc, packed, size, header;  // header: offset of the local header
};

// Fields of 0xFFFFFFFF stand in the zip64 extra field (id 1), in this order.
void read_zip64(const Archive& a, Entry& e, size_t extra, size_t length) {
  for (size_t at = extra; at + 4 <= extra + length;) {
    uint64_t id = a.number(at, 2), size = a.number(at + 2, 2);
    size_t next = at + 4;
    if (id == 1)
      for (uint64_t* field : {&e.size, &e.packed, &e.header})
        if (*field == 0xFFFFFFFF) *field = a.number(next, 8), next += 8;
    at += 4 + size;
  }
}

// Signatures of the records.
constexpr uint64_t kEnd = 0x06054b50, kCentral = 0x02014b50, kLocal = 0x04034b50;
constexpr size_t kEndBytes = 22, kCentralBytes = 46, kLocalBytes = 30, kLongestComment = 65535;

size_t find_end(const Archive& a) {
  for (size_t back = kEndBytes; back <= std::min(a.bytes.size(), kEndBytes + kLongestComment); back++)
    if (a.number(a.bytes.size() - back, 4) == kEnd) return a.bytes.size() - back;
  damaged(a.place, "it has no directory at its end: the archive is cut off, or no .npz file");
}

std::vector<Entry> entries_of(const Archive& a) {
  size_t end = find_end(a);
  std::vector<Entry> entries;
  size_t at = a.number(end + 16, 4);
  for (uint64_t left = a.number(end + 10, 2); left > 0; left--) {
    if (a.number(at, 4) != kCentral) damaged(a.place, "its directory is damaged");
    if (a.number(at + 8, 2) & 1) damaged(a.place, "it is encrypted");
    size_t name = a.number(at + 28, 2), extra = a.number(at + 30, 2), comment = a.number(at + 32, 2);
    a.number(at + kCentralBytes, name + extra + comment);  // all there
    Entry e{a.bytes.substr(at + kCentralBytes, name), a.number(at + 10, 2), a.number(at + 16, 4), a.number(at + 20, 4),
            a.number(at + 24, 4), a.number(at + 42, 4)};
    read_zip64(a, e, at + kCentralBytes + name, extra);
    entries.push_back(std::move(e));
    at += kCentralBytes + name + extra + comment;
  }
  return entries;
}

std::string inflate_raw(const Archive& a, const Entry& e, size_t from) {
  std::string out(e.size, '\0');
  z_stream z{};
  if (inflateInit2(&z, -MAX_WBITS) != Z_OK) damaged(a.place, "zlib cannot start");
  z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(a.bytes.data() + from));
  z.avail_in = static_cast<uInt>(e.packed);
  z.next_out = reinterpret_cast<Bytef*>(out.data());
  z.avail_out = static_cast<uInt>(e.size);
  int result = inflate(&z, Z_FINISH);
  inflateEnd(&z);
  if (result != Z_STREAM_END || z.total_out != e.size) damaged(a.place, fmt::format("its entry '{}' cannot be unpacked", e.name));
  return out;
}

std::string extract(const Archive& a, const Entry& e) {
  if (a.number(e.header, 4) != kLocal) damaged(a.place, fmt::format("its entry '{}' is damaged", e.name));
  size_t from = e.header + kLocalBytes + a.number(e.header + 26, 2) + a.number(e.header + 28, 2);
  // What zlib can count; deflate packs at most 1:1032, which bounds what a damaged size can make us allocate.
  if (e.packed > UINT32_MAX || e.size > UINT32_MAX || e.size > 1040 * e.packed + 1024)
    damaged(a.place, fmt::format("its entry '{}' says it has {} bytes", e.name, e.size));
  if (from > a.bytes.size() || e.packed > a.bytes.size() - from) damaged(a.place, "the archive is cut off");
  if (e.method != 0 && e.method != 8) damaged(a.place, fmt::format("its entry '{}' is packed by method {}", e.name, e.method));
  std::string out = e.method == 0 ? a.bytes.substr(from, e.packed) : inflate_raw(a, e, from);
  uLong crc = crc32(0, reinterpret_cast<const Bytef*>(out.data()), static_cast<uInt>(out.size()));
  if (crc != e.crc) damaged(a.place, fmt::format("its entry '{}' is damaged: the checksum differs", e.name));
  return out;
}

}  // namespace

std::vector<std::pair<std::string, NumpyArray>> parse_npz(const std::string& content, const std::string& place) {
  if (content.empty()) damaged(place, "the file is empty");
  Archive a{content, place};
  std::vector<std::pair<std::string, NumpyArray>> arrays;
  for (const Entry& e : entries_of(a)) {
    std::string name = e.name.ends_with(".npy") ? e.name.substr(0, e.name.size() - 4) : e.name;
    arrays.emplace_back(name, parse_npy(extract(a, e), fmt::format("{}, {}", place, e.name)));
  }
  return arrays;
}

}  // namespace netsuke
