// map_any<P>(in, out): out[i] = P::act(P::op(in[i])) for P::count elements, of any types P::In and P::T.
// in == out is allowed when both types have the same size.
#ifndef NETSUKE_MAP_ANY_HPP
#define NETSUKE_MAP_ANY_HPP

#include "core.hpp"

namespace netsuke {

template <class P>
inline void map_any(const typename P::In* in, typename P::T* out) {
  for (index_t i = 0; i < static_cast<index_t>(P::count); i++) out[i] = P::act(P::op(in[i]));
}

}  // namespace netsuke

#endif  // NETSUKE_MAP_ANY_HPP
