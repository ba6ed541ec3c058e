// copy<P>(in, out): out[i] = in[i] for P::count elements of P::T. in and out must not overlap.
#ifndef NETSUKE_COPY_HPP
#define NETSUKE_COPY_HPP

#include "core.hpp"

namespace netsuke {

template <class P>
inline void copy(const typename P::T* in, typename P::T* out) {
  for (index_t i = 0; i < static_cast<index_t>(P::count); i++) out[i] = read<P::in_rom>(in + i);
}

}  // namespace netsuke

#endif  // NETSUKE_COPY_HPP
