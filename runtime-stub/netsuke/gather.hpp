// Operators whose indices are data: Gather, GatherElements, GatherND, OneHot.
//
// An index counts from the back when negative. One that is out of range is clamped, so that no input
// can make the code touch foreign memory; ONNX leaves the result open.
// P of the gathers: T (elements), I (indices), in_rom, index_rom, and what is said below. in and out must not overlap.
#ifndef NETSUKE_GATHER_HPP
#define NETSUKE_GATHER_HPP

#include "core.hpp"

namespace netsuke {

// Element `at` of an index list, brought into [0, length).
template <class P>
inline index_t gather_index(const typename P::I* indices, index_t at, int32_t length) {
  typename P::I i = read<P::index_rom>(indices + at);
  if (i < 0) i = static_cast<typename P::I>(i + length);
  if (i < 0) return 0;
  return i < length ? static_cast<index_t>(i) : static_cast<index_t>(length - 1);
}

template <bool kRom, int32_t kCount, class T>
inline void gather_copy(const T* in, T* out) {
  for (index_t i = 0; i < kCount; ++i) out[i] = read<kRom>(in + i);
}

// Sum of index * step over the dimensions of `linear`, the row-major number of an element of shape Dims.
template <class Dims, class Steps>
struct StepSum;

template <>
struct StepSum<Ints<>, Ints<> > {
  static constexpr index_t kCount = 1;
  static inline index_t of(index_t) { return 0; }
};

template <int32_t kDim, int32_t... kDims, int32_t kStep, int32_t... kSteps>
struct StepSum<Ints<kDim, kDims...>, Ints<kStep, kSteps...> > {
  typedef StepSum<Ints<kDims...>, Ints<kSteps...> > Rest;
  static constexpr index_t kCount = kDim * Rest::kCount;
  static inline index_t of(index_t linear) {
    return linear / Rest::kCount * static_cast<index_t>(kStep) + Rest::of(linear % Rest::kCount);
  }
};

// in [outer][length][inner]   indices [count]   out [outer][count][inner]
// P: outer, length, inner, count.
template <class P>
inline void gather(const typename P::T* in, const typename P::I* indices, typename P::T* out) {
  for (index_t o = 0; o < P::outer; ++o) {
    for (index_t i = 0; i < P::count; ++i) {
      gather_copy<P::in_rom, P::inner>(in + gather_index<P>(indices, i, P::length) * P::inner, out);
      out += P::inner;
    }
    in += static_cast<index_t>(P::length) * P::inner;
  }
}

// out[i] = in[sum of steps * index of i, with indices[i] for the index along the axis].
// P: dims of the output, steps (in elements of the input, 0 along the axis), axis_step, length along it.
template <class P>
inline void gather_elements(const typename P::T* in, const typename P::I* indices, typename P::T* out) {
  typedef StepSum<typename P::dims, typename P::steps> Place;
  for (index_t i = 0; i < Place::kCount; ++i)
    out[i] = read<P::in_rom>(in + Place::of(i) + gather_index<P>(indices, i, P::length) * P::axis_step);
}

// Offset that one tuple of indices means: sum of index * step.
template <class P, class Dims, class Steps>
struct TupleOffset;

template <class P>
struct TupleOffset<P, Ints<>, Ints<> > {
  static inline index_t of(const typename P::I*) { return 0; }
};

template <class P, int32_t kDim, int32_t... kDims, int32_t kStep, int32_t... kSteps>
struct TupleOffset<P, Ints<kDim, kDims...>, Ints<kStep, kSteps...> > {
  static inline index_t of(const typename P::I* tuple) {
    return gather_index<P>(tuple, 0, kDim) * static_cast<index_t>(kStep) +
           TupleOffset<P, Ints<kDims...>, Ints<kSteps...> >::of(tuple + 1);
  }
};

// in [batch][batch_step]   indices [batch][count][depth]   out [batch][count][inner]
// P: batch, batch_step, count, depth, inner, dims and steps of the `depth` indexed dimensions.
template <class P>
inline void gather_nd(const typename P::T* in, const typename P::I* indices, typename P::T* out) {
  for (index_t b = 0; b < P::batch; ++b) {
    for (index_t i = 0; i < P::count; ++i) {
      gather_copy<P::in_rom, P::inner>(in + TupleOffset<P, typename P::dims, typename P::steps>::of(indices), out);
      indices += P::depth;
      out += P::inner;
    }
    in += static_cast<index_t>(P::batch_step);
  }
}

// out[o][k][i] = indices[o][i] == k ? values[1] : values[0]; k < 0 counts from the back, and an index that
// is out of range gives a column of values[0].
// P: T, I, index_rom, values_rom, outer, depth, inner.
template <class P>
inline void one_hot(const typename P::I* indices, const typename P::T* values, typename P::T* out) {
  const typename P::T off = read<P::values_rom>(values), on = read<P::values_rom>(values + 1);
  for (index_t o = 0; o < P::outer; ++o) {
    for (index_t k = 0; k < P::depth; ++k)
      for (index_t i = 0; i < P::inner; ++i) {
        const typename P::I index = read<P::index_rom>(indices + i);
        *out++ = index == static_cast<typename P::I>(k) || index == static_cast<typename P::I>(k - P::depth) ? on : off;
      }
    indices += P::inner;
  }
}

}  // namespace netsuke

#endif  // NETSUKE_GATHER_HPP
