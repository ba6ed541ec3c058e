// Cuts a row of outputs into tiles of PX neighbours, for windowed kernels.
//
//   x: 0 .. PX | PX .. 2 PX | ... | the rest
//   edge tiles   inner tiles, all windows inside   edge tiles
//
// An edge tile is compiled for its own position: for each tap of the kernel it is known which of its pixels
// see an input there, so nothing is tested at run time. That costs code for each edge tile, so rows with wide
// borders (RowTiles::fits is false) use a loop over single pixels with run-time tap ranges at the border
// instead.
#ifndef NETSUKE_ROW_TILES_HPP
#define NETSUKE_ROW_TILES_HPP

#include "core.hpp"
#include "register_tile.hpp"
#include "window.hpp"

namespace netsuke {

template <class P, int PX>
struct RowTiles {
  // Pixels whose windows lie wholly inside.
  static constexpr index_t begin = inner_begin(P::out_w, P::stride_w, P::pad_left);
  static constexpr index_t end =
      inner_end(P::in_w, P::out_w, P::kernel_w, P::stride_w, P::pad_left, P::dilation_w);
  // In tiles: [left, right) are full and inside.
  static constexpr index_t tiles = ceil_div(P::out_w, PX);
  static constexpr index_t left = ceil_div(begin, PX);
  static constexpr index_t right = maximum_of(left, end / PX);
  // 12 taps' code for all edge tiles together: two of a 5-wide kernel.
  static constexpr bool fits = !kSoftFloat && (left + tiles - right) * P::kernel_w <= 12;
};

// Input column of tap kx of output column 0.
template <class P>
constexpr index_t tap_column(index_t kx) {
  return kx * static_cast<index_t>(P::dilation_w) - static_cast<index_t>(P::pad_left);
}

// Pixels of the tile of px at x for which tap kx is inside: [from_pixel, to_pixel).
template <class P>
constexpr int first_pixel_at(index_t column, index_t x, int px) {
  return static_cast<int>(clamp_index(ceil_div(maximum_of(column, 0), P::stride_w) - x, 0, px));
}

template <class P>
constexpr int from_pixel(index_t x, int px, index_t kx) {
  return first_pixel_at<P>(-tap_column<P>(kx), x, px);
}

template <class P>
constexpr int to_pixel(index_t x, int px, index_t kx) {
  return first_pixel_at<P>(static_cast<index_t>(P::in_w) - tap_column<P>(kx), x, px);
}

// Calls body.edge<pixels, x>() for the tiles [From, To).
template <class P, int PX, index_t From, index_t To>
struct EdgeTiles {
  template <class Body>
  static inline void run(const Body& body) {
    constexpr index_t kRest = P::out_w - From * PX;
    body.template edge<static_cast<int>(kRest < PX ? kRest : PX), From * PX>();
    EdgeTiles<P, PX, From + 1, To>::run(body);
  }
};

template <class P, int PX, index_t To>
struct EdgeTiles<P, PX, To, To> {
  template <class Body>
  static inline void run(const Body&) {}
};

// Calls the body for every tile of the row: edge<pixels, x>() or inner<pixels>(x).
template <class P, int PX, bool Fits>
struct TileRow {
  template <class Body>
  static inline void run(const Body& body) {
    typedef RowTiles<P, PX> T;
    EdgeTiles<P, PX, 0, T::left>::run(body);
    for (index_t tile = T::left; tile < T::right; ++tile) body.template inner<PX>(tile * PX);
    EdgeTiles<P, PX, T::right, T::tiles>::run(body);
  }
};

// Wide borders: body.border(x) for single pixels, then inner tiles, one of them narrower.
template <class P, int PX>
struct TileRow<P, PX, false> {
  template <class Body>
  static inline void run(const Body& body) {
    typedef RowTiles<P, PX> T;
    constexpr index_t kTiles = (T::end - T::begin) / PX;
    constexpr int kRest = static_cast<int>((T::end - T::begin) % PX);
    for (index_t x = 0; x < T::begin; ++x) body.border(x);
    for (index_t tile = 0; tile < kTiles; ++tile) body.template inner<PX>(T::begin + tile * PX);
    if (kRest > 0) body.template inner<(kRest > 0 ? kRest : 1)>(T::begin + kTiles * PX);
    for (index_t x = T::end; x < P::out_w; ++x) body.border(x);
  }
};

template <class P, int PX, class Body>
inline void for_row_tiles(const Body& body) {
  TileRow<P, PX, RowTiles<P, PX>::fits>::run(body);
}

}  // namespace netsuke

#endif  // NETSUKE_ROW_TILES_HPP
