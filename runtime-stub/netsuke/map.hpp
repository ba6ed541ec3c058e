// map_f32<P>(in, out): out[i] = P::act(in[i]) for P::count floats. in == out is allowed.
#ifndef NETSUKE_MAP_HPP
#define NETSUKE_MAP_HPP

#include "activations.hpp"
#include "core.hpp"

namespace netsuke {

template <class P>
inline void map_f32(const float* in, float* out) {
  for (index_t i = 0; i < static_cast<index_t>(P::count); i++) out[i] = P::act(in[i]);
}

}  // namespace netsuke

#endif  // NETSUKE_MAP_HPP
