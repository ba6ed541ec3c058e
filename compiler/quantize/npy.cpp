#include "quantize/npy.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

namespace netsuke {
namespace {

static_assert(std::endian::native == std::endian::little, "arrays are read as little-endian");

[[noreturn]] void damaged(const std::string& place, std::string message) {
  fail_data("calibration-damaged", place, std::move(message), "write the file again with numpy.save or numpy.savez");
}

uint32_t little(const std::string& s, size_t at, size_t bytes) {
  uint32_t value = 0;
  for (size_t i = bytes; i-- > 0;) value = value << 8 | static_cast<unsigned char>(s[at + i]);
  return value;
}

// The text behind 'key': in the Python dictionary of the header, up to its end.
std::string_view value_of(std::string_view header, const char* key, const std::string& place) {
  size_t at = header.find(key);
  if (at == std::string_view::npos) damaged(place, fmt::format("its header has no {}", key));
  at = header.find(':', at);
  if (at == std::string_view::npos) damaged(place, "its header is cut off");
  std::string_view rest = header.substr(at + 1);
  rest.remove_prefix(std::min(rest.find_first_not_of(' '), rest.size()));
  return rest;
}

Shape parse_shape(std::string_view text, const std::string& place) {
  Shape shape;
  size_t end = text.find(')');
  if (text.empty() || text[0] != '(' || end == std::string_view::npos) damaged(place, "its header has no shape");
  int64_t number = -1;
  for (char c : text.substr(1, end)) {
    if (c >= '0' && c <= '9') {
      number = std::max<int64_t>(number, 0) * 10 + (c - '0');
      if (number > kMaxElements) damaged(place, "a dimension is larger than 2^31");
    } else if (number >= 0) {
      shape.push_back(number);
      number = -1;
    }
  }
  return shape;
}

void reverse_bytes(NumpyArray& a) {
  auto size = static_cast<size_t>(a.element_bytes);
  for (size_t i = 0; i + size <= a.bytes.size(); i += size) std::reverse(a.bytes.begin() + static_cast<std::ptrdiff_t>(i), a.bytes.begin() + static_cast<std::ptrdiff_t>(i + size));
}

// First dimension fastest  ->  last dimension fastest.
void from_fortran(NumpyArray& a) {
  std::string from = a.bytes;
  auto size = static_cast<size_t>(a.element_bytes);
  Shape index(a.shape.size(), 0);
  for (size_t i = 0; i + size <= a.bytes.size(); i += size) {
    int64_t offset = 0;
    for (size_t d = a.shape.size(); d-- > 0;) offset = offset * a.shape[d] + index[d];
    std::memcpy(a.bytes.data() + i, from.data() + static_cast<size_t>(offset) * size, size);
    for (size_t d = a.shape.size(); d-- > 0;) {
      if (++index[d] < a.shape[d]) break;
      index[d] = 0;
    }
  }
}

template <class T>
T load(const std::string& bytes, int64_t i) {
  T value;
  std::memcpy(&value, bytes.data() + static_cast<size_t>(i) * sizeof(T), sizeof(T));
  return value;
}

double half(uint16_t h) {
  int exponent = h >> 10 & 31, fraction = h & 0x3FF;
  double magnitude = exponent == 0    ? std::ldexp(fraction, -24)
                     : exponent == 31 ? (fraction ? std::nan("") : HUGE_VAL)
                                      : std::ldexp(fraction + 1024, exponent - 25);
  return h & 0x8000 ? -magnitude : magnitude;
}

// '<f4', '|u1', '>i2' ...; sets kind and size, tells whether bytes stand the other way round.
bool parse_type(NumpyArray& a, std::string_view text, const std::string& place) {
  std::string descr(text.substr(1, text.find(text[0], 1) - 1));
  bool ok = descr.size() == 3 && std::string("<>|=").find(descr[0]) != std::string::npos;
  if (ok) {
    a.kind = descr[1];
    a.element_bytes = descr[2] - '0';
    bool whole = a.kind == 'i' || a.kind == 'u';
    ok = (a.kind == 'b' && a.element_bytes == 1) || (a.kind == 'f' && (a.element_bytes == 2 || a.element_bytes == 4 || a.element_bytes == 8)) ||
         (whole && (a.element_bytes == 1 || a.element_bytes == 2 || a.element_bytes == 4 || a.element_bytes == 8));
  }
  if (!ok)
    fail_data("calibration-type", place, fmt::format("its elements have NumPy type '{}'", descr),
              "store real numbers or integers, e.g. with array.astype(numpy.float32)");
  return descr[0] == '>';
}

}  // namespace

void fail_data(const char* id, const std::string& place, std::string message, std::string hint) {
  throw Error{ErrorKind::kUsage, id, place, std::move(message), std::move(hint)};
}

double NumpyArray::at(int64_t i) const {
  switch (kind) {
    case 'b': return load<uint8_t>(bytes, i) != 0;
    case 'f':
      if (element_bytes == 2) return half(load<uint16_t>(bytes, i));
      return element_bytes == 4 ? static_cast<double>(load<float>(bytes, i)) : load<double>(bytes, i);
    case 'i':
      if (element_bytes == 1) return load<int8_t>(bytes, i);
      if (element_bytes == 2) return load<int16_t>(bytes, i);
      return element_bytes == 4 ? load<int32_t>(bytes, i) : static_cast<double>(load<int64_t>(bytes, i));
    default:
      if (element_bytes == 1) return load<uint8_t>(bytes, i);
      if (element_bytes == 2) return load<uint16_t>(bytes, i);
      return element_bytes == 4 ? load<uint32_t>(bytes, i) : static_cast<double>(load<uint64_t>(bytes, i));
  }
}

std::string NumpyArray::type_name() const {
  if (kind == 'b') return "bool";
  return fmt::format("{}{}", kind == 'f' ? "float" : kind == 'i' ? "int" : "uint", 8 * element_bytes);
}

NumpyArray parse_npy(const std::string& content, const std::string& place) {
  constexpr std::string_view kMagic = "\x93NUMPY";
  if (content.empty()) damaged(place, "the file is empty");
  if (content.compare(0, kMagic.size(), kMagic) != 0) damaged(place, "this is not a NumPy array");
  if (content.size() < 12) damaged(place, "the file is cut off");
  // Version 1 has two bytes for the length of the header, later ones four.
  size_t length_bytes = content[6] == 1 ? 2 : 4, begin = 8 + length_bytes;
  size_t length = little(content, 8, length_bytes);
  if (content.size() < begin + length) damaged(place, "the file is cut off in its header");
  std::string_view header(content.data() + begin, length);
  NumpyArray a;
  std::string_view type = value_of(header, "'descr'", place);
  if (type.empty() || (type[0] != '\'' && type[0] != '"'))
    fail_data("calibration-type", place, "its elements are structures", "store one array of numbers for each input");
  bool reversed = parse_type(a, type, place);
  a.shape = parse_shape(value_of(header, "'shape'", place), place);
  int64_t elements = 1;
  for (int64_t d : a.shape) {
    elements *= d;
    if (elements > kMaxElements) damaged(place, fmt::format("its shape {} has more than 2^31 elements", to_string(a.shape)));
  }
  size_t found = content.size() - begin - length, needed = static_cast<size_t>(elements * a.element_bytes);
  if (found != needed)
    damaged(place, fmt::format("it has {} bytes of data, its type {} and shape {} need {}: the file is {}", found,
                               a.type_name(), to_string(a.shape), needed, found < needed ? "cut off" : "damaged"));
  a.bytes = content.substr(begin + length);
  if (reversed) reverse_bytes(a);
  if (value_of(header, "'fortran_order'", place).starts_with("True")) from_fortran(a);
  return a;
}

}  // namespace netsuke
