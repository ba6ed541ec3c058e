// Netsuke runtime: what every kernel needs. C++11, no heap, no library calls.
//
// A kernel is a function template over one parameter struct P that the compiler writes for each
// call: shapes as `static constexpr int32_t`, real constants as `static constexpr float`, fused
// functions as `static float act(float x)`. All loops therefore have compile-time bounds.
#ifndef NETSUKE_CORE_HPP
#define NETSUKE_CORE_HPP

#include <stddef.h>
#include <stdint.h>

#if defined(__AVR__)
#include <avr/pgmspace.h>
// The Arduino IDE compiles with -Os, where small integer networks take a ninth more cycles and no less code, and others
// lose more. This goes for all that follows in this source file, which is generated code only.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("O2")
#endif
#endif

namespace netsuke {

// Loop counters and element offsets: as wide as a pointer difference, so 16 bits on AVR.
typedef ptrdiff_t index_t;

// Reads one element of a weight array. Everywhere but on AVR that is a plain load; AVR keeps const
// arrays in program memory (PROGMEM), which has its own address space and load instruction.
template <class T>
inline T rom(const T* p) {
#if defined(__AVR__)
  T value;
  memcpy_P(&value, p, sizeof(T));
  return value;
#else
  return *p;
#endif
}

#if defined(__AVR__)
template <>
inline float rom<float>(const float* p) {
  return pgm_read_float(p);
}
template <>
inline int8_t rom<int8_t>(const int8_t* p) {
  return static_cast<int8_t>(pgm_read_byte(p));
}
template <>
inline int16_t rom<int16_t>(const int16_t* p) {
  return static_cast<int16_t>(pgm_read_word(p));
}
template <>
inline int32_t rom<int32_t>(const int32_t* p) {
  return static_cast<int32_t>(pgm_read_dword(p));
}
#endif

// Reads one element of an operand that may be a constant (kRom) or lie in RAM.
template <bool kRom, class T>
inline T read(const T* p) {
  return kRom ? rom(p) : *p;
}

// The part of the arena that starts at byte `offset`; the planner has aligned it for T.
template <class T>
inline T* at(void* arena, size_t offset) {
  return static_cast<T*>(static_cast<void*>(static_cast<unsigned char*>(arena) + offset));
}

// A list of compile-time integers: dimensions, strides.
template <int32_t... kValues>
struct Ints;

template <class T>
inline T minimum(T a, T b) {
  return b < a ? b : a;
}

template <class T>
inline T maximum(T a, T b) {
  return a < b ? b : a;
}

}  // namespace netsuke

#endif  // NETSUKE_CORE_HPP
