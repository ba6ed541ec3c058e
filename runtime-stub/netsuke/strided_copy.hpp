// strided_copy<P>(in, out): for every index (i0, i1, ...) below P::dims,
//   out[i0 * out_step0 + i1 * out_step1 + ...] = in[i0 * in_step0 + i1 * in_step1 + ...]
//
// P: type T, dims, in_steps and out_steps (netsuke::Ints, in elements, outermost loop first; steps of
// the input may be 0 to repeat or negative to reverse), in_rom. in and out must not overlap.
#ifndef NETSUKE_STRIDED_COPY_HPP
#define NETSUKE_STRIDED_COPY_HPP

#include <string.h>

#include "core.hpp"

namespace netsuke {

// N elements, unrolled: reads first, so that loads follow each other and their latency is paid once.
template <bool kRom, int32_t kIn, int32_t kOut, int N>
struct CopyElements {
  template <class T>
  static inline void run(const T* in, T* out) {
    const T value = read<kRom>(in);
    CopyElements<kRom, kIn, kOut, N - 1>::run(in + kIn, out + kOut);
    *out = value;
  }
};

template <bool kRom, int32_t kIn, int32_t kOut>
struct CopyElements<kRom, kIn, kOut, 0> {
  template <class T>
  static inline void run(const T*, T*) {}
};

// The innermost loop.
template <bool kRom, int32_t kCount, int32_t kIn, int32_t kOut>
struct CopyLine {
#if defined(__AVR__)
  static constexpr int kUnroll = 1;
#else
  static constexpr int kUnroll = 8;
#endif
  template <class T>
  static inline void run(const T* in, T* out) {
    for (index_t i = 0; i < kCount / kUnroll; ++i) {
      CopyElements<kRom, kIn, kOut, kUnroll>::run(in, out);
      in += kUnroll * kIn;
      out += kUnroll * kOut;
    }
    CopyElements<kRom, kIn, kOut, kCount % kUnroll>::run(in, out);
  }
};

template <int32_t kCount>
struct CopyLine<false, kCount, 1, 1> {
  template <class T>
  static inline void run(const T* in, T* out) {
    memcpy(out, in, static_cast<size_t>(kCount) * sizeof(T));
  }
};

template <bool kRom, class Dims, class InSteps, class OutSteps>
struct CopyLoops;

template <bool kRom, int32_t kCount, int32_t kIn, int32_t kOut>
struct CopyLoops<kRom, Ints<kCount>, Ints<kIn>, Ints<kOut> > : CopyLine<kRom, kCount, kIn, kOut> {};

template <bool kRom, int32_t kCount, int32_t kCount2, int32_t... kCounts, int32_t kIn, int32_t kIn2, int32_t... kIns,
          int32_t kOut, int32_t kOut2, int32_t... kOuts>
struct CopyLoops<kRom, Ints<kCount, kCount2, kCounts...>, Ints<kIn, kIn2, kIns...>, Ints<kOut, kOut2, kOuts...> > {
  template <class T>
  static inline void run(const T* in, T* out) {
    for (index_t i = 0; i < kCount; ++i)
      CopyLoops<kRom, Ints<kCount2, kCounts...>, Ints<kIn2, kIns...>, Ints<kOut2, kOuts...> >::run(in + i * kIn,
                                                                                                  out + i * kOut);
  }
};

template <class P>
inline void strided_copy(const typename P::T* in, typename P::T* out) {
  CopyLoops<P::in_rom, typename P::dims, typename P::in_steps, typename P::out_steps>::run(in, out);
}

}  // namespace netsuke

#endif  // NETSUKE_STRIDED_COPY_HPP
