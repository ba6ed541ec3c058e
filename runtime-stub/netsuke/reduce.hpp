// reduce<P>(in, out): folds some dimensions of `in`; arg_extreme, cumulate and hardmax go along one.
//
// The input is two nests of loops: the kept dimensions, which walk through `out` in order, and the reduced
// ones. Elements are accumulated one after the other in the order in which they lie in memory, in P::Acc
// (float for float: the same order and so the same rounding on every target).
#ifndef NETSUKE_REDUCE_HPP
#define NETSUKE_REDUCE_HPP

#include "arithmetic.hpp"
#include "core.hpp"
#include "math.hpp"

namespace netsuke {

// log(sum of exp(x)) in one pass that does not overflow: the sum is relative to the largest x so far.
template <class T>
struct LogSumExp {
  T most, sum;
};

// The first element is not added here: every element goes through log_sum_exp_step.
template <class T>
inline LogSumExp<T> log_sum_exp_start(T first) {
  const LogSumExp<T> start = {first, 0};
  return start;
}
template <class T>
inline LogSumExp<T> log_sum_exp_step(LogSumExp<T> acc, T x) {
  if (x > acc.most) {
    acc.sum = acc.sum * exp_of(acc.most - x) + 1;
    acc.most = x;
  } else {
    acc.sum += x >= acc.most ? static_cast<T>(1) : exp_of(x - acc.most);
  }
  return acc;
}
template <class T>
inline T log_sum_exp_finish(LogSumExp<T> acc) {
  return acc.most + log_of(acc.sum);
}

template <class P, class Dims, class Strides>
struct FoldLoop;
template <class P>
struct FoldLoop<P, Ints<>, Ints<> > {
  static inline typename P::Acc run(const typename P::In* in, typename P::Acc acc) { return P::step(acc, *in); }
};
template <class P, int32_t kCount, int32_t... kDims, int32_t kStride, int32_t... kStrides>
struct FoldLoop<P, Ints<kCount, kDims...>, Ints<kStride, kStrides...> > {
  static inline typename P::Acc run(const typename P::In* in, typename P::Acc acc) {
    for (index_t i = 0; i < static_cast<index_t>(kCount); i++)
      acc = FoldLoop<P, Ints<kDims...>, Ints<kStrides...> >::run(in + i * static_cast<index_t>(kStride), acc);
    return acc;
  }
};

template <class P, class Dims, class Strides>
struct KeptLoop;
template <class P>
struct KeptLoop<P, Ints<>, Ints<> > {
  static inline typename P::T* run(const typename P::In* in, typename P::T* out) {
    typedef FoldLoop<P, typename P::folded_dims, typename P::folded_strides> Fold;
    *out = P::act(P::finish(Fold::run(in, P::start(*in))));
    return out + 1;
  }
};
template <class P, int32_t kCount, int32_t... kDims, int32_t kStride, int32_t... kStrides>
struct KeptLoop<P, Ints<kCount, kDims...>, Ints<kStride, kStrides...> > {
  static inline typename P::T* run(const typename P::In* in, typename P::T* out) {
    for (index_t i = 0; i < static_cast<index_t>(kCount); i++)
      out = KeptLoop<P, Ints<kDims...>, Ints<kStrides...> >::run(in + i * static_cast<index_t>(kStride), out);
    return out;
  }
};

// P: In, Acc, T; kept_dims, kept_strides, folded_dims, folded_strides (in elements); start(first element),
// step(acc, x), finish(acc), act.
template <class P>
inline void reduce(const typename P::In* in, typename P::T* out) {
  KeptLoop<P, typename P::kept_dims, typename P::kept_strides>::run(in, out);
}

// The position of the extreme among P::count elements P::inner apart.
template <class P>
inline index_t extreme_position(const typename P::In* in) {
  index_t best = 0;
  for (index_t i = 1; i < static_cast<index_t>(P::count); i++)
    if (P::better(in[i * static_cast<index_t>(P::inner)], in[best * static_cast<index_t>(P::inner)])) best = i;
  return best;
}

// out[o][i] = position of the extreme in in[o][..][i]. P: In, T, outer, count, inner, better(candidate, best).
template <class P>
inline void arg_extreme(const typename P::In* in, typename P::T* out) {
  for (index_t o = 0; o < static_cast<index_t>(P::outer); o++) {
    for (index_t i = 0; i < static_cast<index_t>(P::inner); i++)
      *out++ = static_cast<typename P::T>(extreme_position<P>(in + i));
    in += static_cast<index_t>(P::count) * static_cast<index_t>(P::inner);
  }
}

// out[o][..][i] = 1 at the position of the first extreme of in[o][..][i], else 0. in == out is not allowed.
template <class P>
inline void hardmax(const typename P::In* in, typename P::T* out) {
  const index_t block = static_cast<index_t>(P::count) * static_cast<index_t>(P::inner);
  for (index_t o = 0; o < static_cast<index_t>(P::outer); o++, in += block, out += block) {
    for (index_t k = 0; k < block; k++) out[k] = 0;
    for (index_t i = 0; i < static_cast<index_t>(P::inner); i++)
      out[extreme_position<P>(in + i) * static_cast<index_t>(P::inner) + i] = 1;
  }
}

// Running sums along one dimension. P: T, outer, count, inner, exclusive (a sum leaves out its own element),
// reverse (from the end). in == out is allowed.
template <class P>
inline void cumulate(const typename P::T* in, typename P::T* out) {
  const index_t inner = static_cast<index_t>(P::inner), count = static_cast<index_t>(P::count);
  for (index_t o = 0; o < static_cast<index_t>(P::outer); o++, in += count * inner, out += count * inner)
    for (index_t i = 0; i < inner; i++) {
      typename P::T sum = 0;
      for (index_t k = 0; k < count; k++) {
        const index_t at = (P::reverse ? count - 1 - k : k) * inner + i;
        const typename P::T next = add(sum, in[at]);
        out[at] = P::exclusive ? sum : next;
        sum = next;
      }
    }
}

}  // namespace netsuke

#endif  // NETSUKE_REDUCE_HPP
