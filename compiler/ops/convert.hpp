// The meaning of Cast for one element: the reference for runtime-stub/netsuke/convert.hpp.
#pragma once

#include <cmath>
#include <limits>
#include <type_traits>

namespace netsuke {

// Integers keep their low bits. A float loses its fraction, one that does not fit becomes the nearest number
// that does, NaN becomes 0. To bool, all but 0 is true.
template <class To, class From>
To convert_element(From x) {
  if constexpr (std::is_same_v<To, bool>) {
    return x != From(0);
  } else if constexpr (std::is_floating_point_v<From> && std::is_integral_v<To>) {
    if (std::isnan(x)) return 0;
    // The limits as powers of two, so exact: -2^(n-1) or 0, and 2^(n-1) or 2^n.
    double value = std::trunc(static_cast<double>(x)), end = std::ldexp(1.0, std::numeric_limits<To>::digits);
    if (value >= end) return std::numeric_limits<To>::max();
    if (value < static_cast<double>(std::numeric_limits<To>::min())) return std::numeric_limits<To>::min();
    return static_cast<To>(value);
  } else {
    return static_cast<To>(x);
  }
}

}  // namespace netsuke
