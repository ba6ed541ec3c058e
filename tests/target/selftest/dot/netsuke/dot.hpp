// Stands for a runtime kernel: a template over the shape, weights read from wherever the target keeps them.
#ifndef NETSUKE_DOT_HPP
#define NETSUKE_DOT_HPP

#include <stdint.h>

#if defined(__AVR__)
#include <avr/pgmspace.h>
#endif

namespace netsuke {

inline float read_weight(const float* p) {
#if defined(__AVR__)
  return pgm_read_float(p);
#else
  return *p;
#endif
}

template <int kCount>
inline float dot(const float* x, const float* w) {
  float sum = 0.0f;
  for (int i = 0; i < kCount; ++i) sum += x[i] * read_weight(w + i);
  return sum;
}

}  // namespace netsuke

#endif  // NETSUKE_DOT_HPP
