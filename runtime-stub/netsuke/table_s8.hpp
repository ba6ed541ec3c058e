// table_s8<P>(in, table, out): out[i] = table[in[i] + 128] for P::count elements: any function of one int8
// value (Sigmoid, Tanh, HardSwish, ...), computed by the compiler for all 256 of them.
//
// P: count, out_t. in == out is allowed when out_t is int8_t.
#ifndef NETSUKE_TABLE_S8_HPP
#define NETSUKE_TABLE_S8_HPP

#include "core.hpp"

namespace netsuke {

template <class P>
inline void table_s8(const int8_t* in, const typename P::out_t* table, typename P::out_t* out) {
  for (index_t i = 0; i < static_cast<index_t>(P::count); ++i) out[i] = rom(table + (in[i] + 128));
}

}  // namespace netsuke

#endif  // NETSUKE_TABLE_S8_HPP
