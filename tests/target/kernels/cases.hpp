// The cases of the integer kernels' tests and figures on targets, for the generator (make_kernel_test.cpp) and
// for the program that it writes. A case: X(name, kernel, parameters).
#pragma once

#include "netsuke/weight_layout_s8.hpp"
#include "window_shapes.hpp"

namespace cases {
using namespace kernel_tests;

// What the layers of the figures are packed for: a core with dual multiplies (1), with Helium (2), or any other.
#ifndef NETSUKE_CASES_DUAL
#define NETSUKE_CASES_DUAL 1
#endif
constexpr int kBytesLayout = NETSUKE_CASES_DUAL == 2   ? netsuke::kLayoutVectors
                             : NETSUKE_CASES_DUAL == 1 ? netsuke::kLayoutFolded
                                                       : netsuke::kLayoutPlain;
constexpr int kRowsLayout = NETSUKE_CASES_DUAL == 2   ? netsuke::kLayoutWindows
                            : NETSUKE_CASES_DUAL == 1 ? netsuke::kLayoutRows
                                                      : netsuke::kLayoutPlain;

template <class Base, int Layout, int InZero = -128, int OutZero = -128, int OutMin = -128, int OutMax = 127,
          int Shift = 32, bool PerChannel = true>
using S8 = Integers<Base, int8_t, int8_t, int8_t, InZero, OutZero, OutMin, OutMax, Shift, PerChannel, Layout>;
template <class Base>
using Plain = S8<Base, netsuke::kLayoutPlain>;
template <class Base>
using Folded = S8<Base, netsuke::kLayoutFolded>;
template <class Base>
using Wide = WithLayout<S8<Base, netsuke::kLayoutWide>, netsuke::kLayoutWide, int16_t>;

template <class Base>
using Dual = WithLayout<S8<Base, netsuke::kLayoutDual>, netsuke::kLayoutDual, int16_t>;
template <class Base>
using Vectors = S8<Base, netsuke::kLayoutVectors>;
template <class Base>
using Windows = S8<Base, netsuke::kLayoutWindows>;

template <class Base, int Patches = 2, int InZero = -128, int OutZero = -128, int OutMin = -128, int OutMax = 127,
          int Shift = 32, bool PerChannel = true, class Out = int8_t>
using Winograd = WithPatches<Integers<Base, int8_t, int16_t, Out, InZero, OutZero, OutMin, OutMax, Shift, PerChannel,
                                      netsuke::kLayoutWinograd>,
                             Patches>;
template <class Base, int Patches = 2, int InZero = -128, int OutZero = -128, int OutMin = -128, int OutMax = 127,
          int Shift = 32, class Out = int8_t>
using WinoRows = WithPatches<Integers<Base, int8_t, int16_t, Out, InZero, OutZero, OutMin, OutMax, Shift, true,
                                      netsuke::kLayoutWinogradRows>,
                             Patches>;
template <int H, int W, int In, int Out, class Padding = Pad<1>, int Batch = 1>
using Conv3 = Window<Size<H, W>, In, Out, Size<3, 3>, One, Padding, One, 1, Batch>;

template <class Base>
using Bytes = S8<Base, kBytesLayout>;
template <class Base>
using BytesDw = S8<Base, kRowsLayout>;
template <class Base>
using Rows = S8<Base, netsuke::kLayoutRows>;
template <class Base>
using Pairs = WithLayout<S8<Base, netsuke::kLayoutPairs>, netsuke::kLayoutPairs, int16_t>;

// Layers whose code is shared.
template <class Base>
struct Shared : Base {
  static constexpr int32_t sharing = 2;
};

template <int Pixels, int In, int Out>
using Pointwise = Window<Size<1, Pixels>, In, Out, One>;
template <int In, int Out, int Batch = 1>
using Dense = Window<One, In, Out, One, One, Pad<0>, One, 1, Batch>;
template <int H, int W, int C, int Stride = 1>
using Depthwise = Window<Size<H, W>, C, C, Size<3, 3>, Size<Stride, Stride>,
                         Pads<Stride == 1, Stride == 1, 1, 1>, One, C>;

// Layers of the MLPerf Tiny models.
using KwsConv = Window<Size<49, 10>, 1, 64, Size<10, 4>, Size<2, 2>, Pads<4, 1, 5, 1>>;
using VwwConv = Window<Size<96, 96>, 3, 6, Size<3, 3>, Size<2, 2>, Pads<0, 0, 1, 1>>;
using IcConv16 = Window<Size<32, 32>, 16, 16, Size<3, 3>, One, Pad<1>>;
using IcConv32 = Window<Size<16, 16>, 32, 32, Size<3, 3>, One, Pad<1>>;
using IcConv64 = Window<Size<8, 8>, 64, 64, Size<3, 3>, One, Pad<1>>;

// Odd shapes, every last block, borders wider than the input, every kind of finish; small enough for 8 KB of
// RAM (one at a time).
using Small = Window<Size<5, 7>, 5, 6, Size<3, 3>, One, Pad<1>>;
template <class Base, int Layout, class Out>
using To = Integers<Base, int8_t, int8_t, Out, 3, 7, (sizeof(Out) == 1 ? -128 : -32768),
                    (sizeof(Out) == 1 ? 127 : 32767), 32, true, Layout>;
// The lowest inputs by the lowest and the highest weights: the largest sums there are.
template <class Base>
struct Extreme : Base {
  static constexpr bool extreme = true;
};
template <int H, int W, int C, class Stride, class Padding>
using Dw3 = Window<Size<H, W>, C, C, Size<3, 3>, Stride, Padding, One, C>;

#define NETSUKE_SMALL_CASES(X)                                                                          \
  X(steps_1, conv2d_s8, cases::S8<cases::Pointwise<6, 1, 5>, netsuke::kLayoutPlain, 5, -9>)             \
  X(lanes_1, conv2d_s8, cases::S8<cases::Pointwise<5, 9, 1>, netsuke::kLayoutPlain, 5, -9>)             \
  X(lanes_3, conv2d_s8, cases::S8<cases::Pointwise<5, 7, 3>, netsuke::kLayoutPlain, 5, -9>)             \
  X(folded_6, conv2d_s8, cases::S8<cases::Small, netsuke::kLayoutFolded, 5, -9, -100, 90>)              \
  X(folded_13, conv2d_s8, cases::S8<cases::Pointwise<17, 11, 13>, netsuke::kLayoutFolded, -128, 127>)   \
  X(folded_shift40, conv2d_s8, cases::S8<cases::Small, netsuke::kLayoutFolded, 127, -9, -9, 127, 40>)   \
  X(plain_shift20, conv2d_s8, cases::S8<cases::Small, netsuke::kLayoutPlain, 0, 0, -128, 127, 20>)      \
  X(one_multiplier, conv2d_s8, cases::S8<cases::Small, netsuke::kLayoutFolded, 0, 0, -128, 127, 32, false>) \
  X(wide_6, conv2d_s8, cases::Wide<cases::Small>)                                                       \
  X(to_sums, conv2d_s8, cases::To<cases::Small, netsuke::kLayoutFolded, int32_t>)                       \
  X(to_int16, conv2d_s8, cases::To<cases::Small, netsuke::kLayoutFolded, int16_t>)                      \
  X(from_int16, conv2d_s8, Integers<cases::Small, int16_t, int8_t, int16_t, 0, 0, -32768, 32767>)       \
  X(strided, conv2d_s8, cases::Folded<Window<Size<7, 9>, 3, 8, Size<3, 4>, Size<1, 2>, Pads<0, 3, 2, 0>>>) \
  X(dilated, conv2d_s8, cases::Folded<Window<Size<9, 12>, 3, 8, Size<3, 3>, One, Pad<2>, Size<2, 2>>>)  \
  X(groups, conv2d_s8, cases::Folded<Window<Size<6, 9>, 8, 12, Size<3, 3>, One, Pad<1>, One, 2>>)       \
  X(nothing_inside, conv2d_s8, cases::Folded<Window<Size<2, 2>, 3, 4, Size<2, 2>, One, Pad<4>>>)        \
  X(batch, conv2d_s8, cases::Folded<Window<Size<4, 4>, 4, 4, Size<3, 3>, One, Pad<1>, One, 1, 2>>)      \
  X(parts, conv2d_s8, cases::Folded<Window<Size<4, 5>, 32, 7, Size<3, 3>, One, Pad<1>>>)                \
  X(parts_plain, conv2d_s8, cases::Plain<Window<Size<3, 4>, 32, 6, Size<3, 3>, One, Pad<1>>>)           \
  X(parts_wide, conv2d_s8, cases::Wide<Window<Size<3, 2>, 36, 9, Size<3, 3>, One, Pad<1>>>)             \
  X(parts_stride2, conv2d_s8, cases::S8<Window<Size<5, 9>, 48, 4, Size<3, 3>, Size<2, 2>, Pads<0, 0, 1, 1>>, netsuke::kLayoutFolded, 5, -9, -100, 90>) \
  X(parts_sums, conv2d_s8, cases::To<Window<Size<3, 1>, 32, 5, Size<3, 3>, One, Pad<1>>, netsuke::kLayoutFolded, int32_t>) \
  X(winograd, winograd_s8, cases::Winograd<cases::Conv3<5, 7, 8, 4>, 2, 5, -9, -100, 90>)               \
  X(shared_rest_1, conv2d_s8, cases::Shared<cases::Folded<cases::Pointwise<5, 17, 9>>>)                 \
  X(shared_rest_2, conv2d_s8, cases::Shared<cases::S8<cases::Pointwise<6, 38, 6>, netsuke::kLayoutFolded, 5, -9, -100, 90>>) \
  X(shared_rest_3, conv2d_s8, cases::Shared<cases::Folded<cases::Pointwise<1, 3, 3>>>)                  \
  X(shared_blocks, conv2d_s8, cases::Shared<cases::Folded<cases::Pointwise<9, 32, 12>>>)                \
  X(shared_plain, conv2d_s8, cases::Shared<cases::Plain<cases::Pointwise<4, 23, 7>>>)                   \
  X(shared_wide, conv2d_s8, cases::Shared<cases::Wide<cases::Pointwise<7, 20, 11>>>)                    \
  X(shared_one_multiplier, conv2d_s8,                                                                   \
    cases::Shared<cases::S8<cases::Pointwise<3, 9, 7>, netsuke::kLayoutFolded, 0, 0, -128, 127, 32, false>>) \
  X(shared_int16, conv2d_s8, cases::Shared<cases::To<cases::Pointwise<3, 8, 5>, netsuke::kLayoutFolded, int16_t>>) \
  X(shared_sums, conv2d_s8, cases::Shared<cases::To<cases::Pointwise<3, 8, 6>, netsuke::kLayoutFolded, int32_t>>) \
  X(dense_16, dense_s8, cases::Plain<cases::Dense<16, 16>>)                                             \
  X(dense_folded, dense_s8, cases::Folded<cases::Dense<65, 13, 3>>)                                     \
  X(dense_wide, dense_s8, cases::Wide<cases::Dense<34, 6>>)                                             \
  X(dense_long, dense_s8, cases::S8<cases::Dense<515, 7>, netsuke::kLayoutPlain, 5, -9>)                \
  X(dense_extreme, dense_s8, cases::Extreme<cases::To<cases::Dense<511, 6>, netsuke::kLayoutPlain, int32_t>>) \
  X(dense_extreme_s8, dense_s8, cases::Extreme<cases::Plain<cases::Dense<252, 5>>>)

// A set of their own: an AVR reaches 64 KB of constants.
#define NETSUKE_DEPTHWISE_CASES(X)                                                                      \
  X(dw_plain, depthwise_s8, cases::Plain<cases::Dw3<5, 9, 5, One, Pad<1>>>)                             \
  X(dw_rows, depthwise_s8, cases::S8<cases::Dw3<5, 9, 5, One, Pad<1>>, netsuke::kLayoutRows, 5, -9, -99, 99>) \
  X(dw_pairs, depthwise_s8, cases::Pairs<cases::Dw3<4, 6, 7, One, Pad<1>>>)                             \
  X(dw_wide_map, depthwise_s8, cases::Rows<cases::Dw3<3, 41, 4, One, Pad<1>>>)                          \
  X(dw_stride2, depthwise_s8, cases::Rows<cases::Dw3<6, 39, 4, Size<2, 2>, Pads<0, 0, 1, 1>>>)          \
  X(dw_stride2_left, depthwise_s8, cases::Rows<cases::Dw3<6, 20, 6, Size<1, 2>, Pad<1>>>)               \
  X(dw_few, depthwise_s8, cases::Rows<cases::Dw3<5, 6, 3, One, Pad<1>>>)                                \
  X(dw_tiny, depthwise_s8, cases::Rows<cases::Dw3<1, 1, 8, One, Pad<1>>>)                               \
  X(dw_no_borders, depthwise_s8, cases::Rows<cases::Dw3<5, 21, 4, One, Pad<0>>>)                        \
  X(dw_wide_borders, depthwise_s8, cases::Rows<cases::Dw3<2, 3, 4, One, Pad<2>>>)                       \
  X(dw_sums, depthwise_s8, cases::To<cases::Dw3<5, 6, 4, One, Pad<1>>, netsuke::kLayoutRows, int32_t>)  \
  X(dw_pairs_17, depthwise_s8, cases::Pairs<cases::Dw3<4, 17, 5, One, Pad<1>>>)                         \
  X(dw_odd_strips, depthwise_s8, cases::Rows<cases::Dw3<7, 8, 4, One, Pad<1>>>)                         \
  X(dw_one_strip, depthwise_s8, cases::Pairs<cases::Dw3<2, 5, 4, One, Pads<1, 0, 1, 1>>>)               \
  X(dw_stride2_top, depthwise_s8, cases::Pairs<cases::Dw3<7, 13, 9, Size<2, 2>, Pad<1>>>)               \
  X(dw_stride2_down, depthwise_s8, cases::Rows<cases::Dw3<9, 7, 4, Size<2, 1>, Pads<0, 1, 1, 1>>>)      \
  X(dw_batch, depthwise_s8, cases::Rows<Window<Size<3, 4>, 4, 4, Size<3, 3>, One, Pad<1>, One, 4, 2>>)  \
  X(dw_shift40, depthwise_s8, cases::S8<cases::Dw3<5, 6, 4, One, Pad<1>>, netsuke::kLayoutRows, 127, -9, -9, 127, 40>) \
  X(dw_one_multiplier, depthwise_s8,                                                                    \
    cases::S8<cases::Dw3<5, 6, 7, One, Pad<1>>, netsuke::kLayoutRows, 0, 0, -128, 127, 32, false>)      \
  X(dw_dilated, depthwise_s8, cases::Rows<Window<Size<9, 12>, 5, 5, Size<3, 3>, One, Pad<2>, Size<2, 2>, 5>>) \
  X(dwr_rows, depthwise_s8_by_rows, cases::S8<cases::Dw3<5, 9, 5, One, Pad<1>>, netsuke::kLayoutRows, 5, -9, -99, 99>) \
  X(dwr_pairs, depthwise_s8_by_rows, cases::Pairs<cases::Dw3<4, 6, 7, One, Pad<1>>>)                    \
  X(dwr_wide_map, depthwise_s8_by_rows, cases::Rows<cases::Dw3<3, 41, 4, One, Pad<1>>>)                 \
  X(dwr_stride2, depthwise_s8_by_rows, cases::Rows<cases::Dw3<6, 39, 4, Size<2, 2>, Pads<0, 0, 1, 1>>>) \
  X(dwr_stride2_left, depthwise_s8_by_rows, cases::Rows<cases::Dw3<6, 20, 6, Size<1, 2>, Pad<1>>>)      \
  X(dwr_few, depthwise_s8_by_rows, cases::Rows<cases::Dw3<5, 6, 3, One, Pad<1>>>)                       \
  X(dwr_tiny, depthwise_s8_by_rows, cases::Rows<cases::Dw3<1, 1, 8, One, Pad<1>>>)                      \
  X(dwr_no_borders, depthwise_s8_by_rows, cases::Rows<cases::Dw3<5, 21, 4, One, Pad<0>>>)               \
  X(dwr_wide_borders, depthwise_s8_by_rows, cases::Rows<cases::Dw3<2, 3, 4, One, Pad<2>>>)              \
  X(dwr_sums, depthwise_s8_by_rows, cases::To<cases::Dw3<5, 6, 4, One, Pad<1>>, netsuke::kLayoutRows, int32_t>) \
  X(dw_wide_kernel, depthwise_s8, cases::Plain<Window<Size<4, 20>, 3, 3, Size<2, 9>, Size<1, 2>, Pad<3>, One, 3>>) \
  X(dw_plain_dilated, depthwise_s8, cases::Plain<Window<Size<9, 12>, 5, 5, Size<3, 3>, One, Pad<2>, Size<2, 2>, 5>>) \
  X(dw_plain_shift20, depthwise_s8, cases::S8<cases::Dw3<5, 6, 4, One, Pad<1>>, netsuke::kLayoutPlain, 127, -9, -9, 127, 20>) \
  X(dw_5x5, depthwise_s8, cases::Plain<Window<Size<9, 10>, 4, 4, Size<5, 5>, One, Pad<2>, One, 4>>)

// Layouts for Helium; other targets read them, too.
#define NETSUKE_VECTOR_CASES(X)                                                                         \
  X(v_steps_1, conv2d_s8, cases::S8<cases::Pointwise<6, 1, 5>, netsuke::kLayoutVectors, 5, -9>)         \
  X(v_lanes_1, conv2d_s8, cases::S8<cases::Pointwise<5, 9, 1>, netsuke::kLayoutVectors, 5, -9>)         \
  X(v_lanes_2, conv2d_s8, cases::S8<cases::Pointwise<4, 16, 2>, netsuke::kLayoutVectors, 5, -9>)        \
  X(v_lanes_3, conv2d_s8, cases::S8<cases::Pointwise<5, 17, 3>, netsuke::kLayoutVectors, 5, -9>)        \
  X(v_6, conv2d_s8, cases::S8<cases::Small, netsuke::kLayoutVectors, 5, -9, -100, 90>)                  \
  X(v_13, conv2d_s8, cases::S8<cases::Pointwise<17, 31, 13>, netsuke::kLayoutVectors, -128, 127>)       \
  X(v_loop, conv2d_s8, cases::Vectors<cases::Pointwise<3, 177, 9>>)                                     \
  X(v_long, conv2d_s8, cases::Vectors<cases::Pointwise<3, 400, 4>>)                                     \
  X(v_shift40, conv2d_s8, cases::S8<cases::Small, netsuke::kLayoutVectors, 127, -9, -9, 127, 40>)       \
  X(v_shift20, conv2d_s8, cases::S8<cases::Small, netsuke::kLayoutVectors, 0, 0, -128, 127, 20>)        \
  X(v_one_multiplier, conv2d_s8, cases::S8<cases::Small, netsuke::kLayoutVectors, 0, 0, -128, 127, 32, false>) \
  X(v_sums, conv2d_s8, cases::To<cases::Small, netsuke::kLayoutVectors, int32_t>)                       \
  X(v_int16, conv2d_s8, cases::To<cases::Small, netsuke::kLayoutVectors, int16_t>)                      \
  X(v_from_int16, conv2d_s8, Integers<cases::Small, int16_t, int8_t, int16_t, 0, 0, -32768, 32767, 32, true, \
                                      netsuke::kLayoutVectors>)                                         \
  X(v_strided, conv2d_s8, cases::Vectors<Window<Size<7, 9>, 3, 8, Size<3, 4>, Size<1, 2>, Pads<0, 3, 2, 0>>>) \
  X(v_dilated, conv2d_s8, cases::Vectors<Window<Size<9, 12>, 3, 8, Size<3, 3>, One, Pad<2>, Size<2, 2>>>) \
  X(v_groups, conv2d_s8, cases::Vectors<Window<Size<6, 9>, 8, 12, Size<3, 3>, One, Pad<1>, One, 2>>)    \
  X(v_channels_16, conv2d_s8, cases::Vectors<Window<Size<4, 5>, 16, 6, Size<3, 3>, One, Pad<1>>>)       \
  X(v_nothing_inside, conv2d_s8, cases::Vectors<Window<Size<2, 2>, 3, 4, Size<2, 2>, One, Pad<4>>>)     \
  X(v_batch, conv2d_s8, cases::Vectors<Window<Size<4, 4>, 4, 4, Size<3, 3>, One, Pad<1>, One, 1, 2>>)   \
  X(v_dense_16, dense_s8, cases::Vectors<cases::Dense<16, 16>>)                                         \
  X(v_dense_65, dense_s8, cases::Vectors<cases::Dense<65, 13, 3>>)                                      \
  X(v_dense_32, dense_s8, cases::Vectors<cases::Dense<32, 5, 3>>)                                       \
  X(v_dense_2, dense_s8, cases::Vectors<cases::Dense<34, 2>>)                                           \
  X(v_dense_12, dense_s8, cases::Vectors<cases::Dense<8, 12>>)                                          \
  X(w_3x3, depthwise_s8, cases::S8<cases::Dw3<5, 9, 5, One, Pad<1>>, netsuke::kLayoutWindows, 5, -9, -99, 99>) \
  X(w_17, depthwise_s8, cases::Windows<cases::Dw3<4, 6, 17, One, Pad<1>>>)                              \
  X(w_30, depthwise_s8, cases::Windows<cases::Dw3<3, 3, 30, One, Pad<1>>>)                              \
  X(w_wide_map, depthwise_s8, cases::Windows<cases::Dw3<3, 41, 8, One, Pad<1>>>)                        \
  X(w_wide_map_16, depthwise_s8, cases::Windows<cases::Dw3<3, 29, 16, One, Pad<1>>>)                    \
  X(w_stride2, depthwise_s8, cases::Windows<cases::Dw3<6, 39, 4, Size<2, 2>, Pads<0, 0, 1, 1>>>)        \
  X(w_stride2_left, depthwise_s8, cases::Windows<cases::Dw3<6, 20, 6, Size<1, 2>, Pad<1>>>)             \
  X(w_few, depthwise_s8, cases::Windows<cases::Dw3<5, 6, 3, One, Pad<1>>>)                              \
  X(w_tiny, depthwise_s8, cases::Windows<cases::Dw3<1, 1, 8, One, Pad<1>>>)                             \
  X(w_no_borders, depthwise_s8, cases::Windows<cases::Dw3<5, 21, 4, One, Pad<0>>>)                      \
  X(w_wide_borders, depthwise_s8, cases::Windows<cases::Dw3<2, 3, 4, One, Pad<2>>>)                     \
  X(w_sums, depthwise_s8, cases::To<cases::Dw3<5, 6, 4, One, Pad<1>>, netsuke::kLayoutWindows, int32_t>) \
  X(w_shift40, depthwise_s8, cases::S8<cases::Dw3<5, 6, 4, One, Pad<1>>, netsuke::kLayoutWindows, 127, -9, -9, 127, 40>) \
  X(w_one_multiplier, depthwise_s8,                                                                     \
    cases::S8<cases::Dw3<5, 6, 7, One, Pad<1>>, netsuke::kLayoutWindows, 0, 0, -128, 127, 32, false>)   \
  X(w_4x2, depthwise_s8, cases::Windows<Window<Size<9, 10>, 6, 6, Size<4, 2>, One, Pad<1>, One, 6>>)    \
  X(w_1x4, depthwise_s8, cases::Windows<Window<Size<1, 20>, 20, 20, Size<1, 4>, One, Pads<0, 3, 0, 0>, One, 20>>) \
  X(w_dilated, depthwise_s8, cases::Windows<Window<Size<9, 12>, 5, 5, Size<3, 3>, One, Pad<2>, Size<2, 2>, 5>>)

// Patches of 4x4 inputs; also what hangs over the edges, and channels that need a loop.
#define NETSUKE_WINOGRAD_CASES(X)                                                                       \
  X(wino_8, winograd_s8, cases::Winograd<cases::Conv3<5, 7, 8, 12>, 2, 5, -9, -100, 90>)                \
  X(wino_1, winograd_s8, cases::Winograd<cases::Conv3<5, 7, 8, 4>, 1, 5, -9>)                           \
  X(wino_3, winograd_s8, cases::Winograd<cases::Conv3<4, 9, 4, 8>, 3, 5, -9>)                           \
  X(wino_4, winograd_s8, cases::Winograd<cases::Conv3<3, 11, 8, 4>, 4, 5, -9>)                          \
  X(wino_even, winograd_s8, cases::Winograd<cases::Conv3<6, 8, 12, 4>>)                                 \
  X(wino_one_row, winograd_s8, cases::Winograd<cases::Conv3<1, 9, 4, 4>>)                               \
  X(wino_one_column, winograd_s8, cases::Winograd<cases::Conv3<9, 1, 4, 4>>)                            \
  X(wino_no_borders, winograd_s8, cases::Winograd<cases::Conv3<6, 10, 8, 4, Pad<0>>>)                   \
  X(wino_left, winograd_s8, cases::Winograd<cases::Conv3<5, 6, 4, 4, Pads<0, 2, 1, 0>>, 2, 5>)          \
  X(wino_top, winograd_s8, cases::Winograd<cases::Conv3<5, 6, 4, 4, Pads<2, 0, 0, 1>>, 2, 5>)           \
  X(wino_all_padding, winograd_s8, cases::Winograd<cases::Conv3<1, 1, 4, 4, Pad<4>>, 2, 5>)             \
  X(wino_batch, winograd_s8, cases::Winograd<cases::Conv3<4, 4, 4, 4, Pad<1>, 2>>)                      \
  X(wino_44, winograd_s8, cases::Winograd<cases::Conv3<3, 4, 44, 4>>)                                   \
  X(wino_64, winograd_s8, cases::Winograd<cases::Conv3<4, 4, 64, 8>, 2, 5, -9>)                         \
  X(wino_76, winograd_s8, cases::Winograd<cases::Conv3<4, 4, 76, 4>>)                                   \
  X(wino_shift40, winograd_s8, cases::Winograd<cases::Conv3<4, 5, 4, 8>, 2, 127, -9, -9, 127, 40>)      \
  X(wino_shift20, winograd_s8, cases::Winograd<cases::Conv3<4, 5, 4, 8>, 2, 0, 0, -128, 127, 20>)       \
  X(wino_one_multiplier, winograd_s8, cases::Winograd<cases::Conv3<4, 5, 4, 8>, 2, 0, 0, -128, 127, 32, false>) \
  X(wino_sums, winograd_s8, cases::Winograd<cases::Conv3<4, 5, 4, 8>, 2, 3, 7, -128, 127, 32, true, int32_t>) \
  X(rows_8, winograd_rows_s8, cases::WinoRows<cases::Conv3<5, 7, 8, 12>, 2, 5, -9, -100, 90>)           \
  X(rows_1, winograd_rows_s8, cases::WinoRows<cases::Conv3<5, 7, 8, 4>, 1, 5, -9>)                      \
  X(rows_4, winograd_rows_s8, cases::WinoRows<cases::Conv3<3, 11, 8, 4>, 4, 5, -9>)                     \
  X(rows_even, winograd_rows_s8, cases::WinoRows<cases::Conv3<6, 8, 12, 4>>)                            \
  X(rows_one_column, winograd_rows_s8, cases::WinoRows<cases::Conv3<9, 1, 4, 4>>)                       \
  X(rows_no_borders, winograd_rows_s8, cases::WinoRows<cases::Conv3<6, 10, 8, 4, Pad<0>>>)              \
  X(rows_left, winograd_rows_s8, cases::WinoRows<cases::Conv3<5, 6, 4, 4, Pads<0, 2, 1, 0>>, 2, 5>)     \
  X(rows_all_padding, winograd_rows_s8, cases::WinoRows<cases::Conv3<1, 1, 4, 4, Pad<4>>, 2, 5>)        \
  X(rows_batch, winograd_rows_s8, cases::WinoRows<cases::Conv3<4, 4, 4, 4, Pad<1>, 2>>)                 \
  X(rows_32, winograd_rows_s8, cases::WinoRows<cases::Conv3<4, 5, 32, 8>, 2, 5, -9>)                    \
  X(rows_44, winograd_rows_s8, cases::WinoRows<cases::Conv3<3, 4, 44, 4>>)                              \
  X(rows_wide, winograd_rows_s8, cases::WinoRows<Window<Size<1, 21>, 12, 4, Size<1, 3>, One, Pads<0, 1, 0, 1>>>) \
  X(rows_strided, winograd_rows_s8, cases::WinoRows<Window<Size<9, 7>, 8, 4, Size<5, 3>, Size<2, 1>, Pad<2>>>) \
  X(rows_shift40, winograd_rows_s8, cases::WinoRows<cases::Conv3<4, 5, 4, 8>, 2, 127, -9, -9, 127, 40>) \
  X(rows_sums, winograd_rows_s8, cases::WinoRows<cases::Conv3<4, 5, 4, 8>, 2, 3, 7, -128, 127, 32, int32_t>) \
  X(wino_int16, winograd_s8, cases::Winograd<cases::Conv3<4, 5, 4, 8>, 2, 3, 7, -32768, 32767, 32, true, int16_t>)

// The layout for cores without SIMD; other targets read it, too.
#define NETSUKE_DUAL_CASES(X)                                                                           \
  X(dual_1, conv2d_s8, cases::Dual<cases::Pointwise<7, 3, 1>>)                                          \
  X(dual_2, conv2d_s8, cases::Dual<cases::Pointwise<4, 17, 2>>)                                         \
  X(dual_3, conv2d_s8, cases::Dual<cases::Pointwise<8, 10, 3>>)                                         \
  X(dual_6, conv2d_s8, cases::Dual<cases::Small>)                                                       \
  X(dual_sums, conv2d_s8, WithLayout<cases::To<cases::Small, netsuke::kLayoutDual, int32_t>, netsuke::kLayoutDual, int16_t>) \
  X(dual_int16, conv2d_s8, WithLayout<cases::To<cases::Small, netsuke::kLayoutDual, int16_t>, netsuke::kLayoutDual, int16_t>) \
  X(dual_long, conv2d_s8, cases::Dual<Window<Size<3, 5>, 41, 7, Size<3, 3>, One, Pad<1>>>)              \
  X(dual_dense, dense_s8, cases::Dual<cases::Dense<65, 13, 4>>)

#define NETSUKE_LAYER_CASES(X)                                                              \
  X(kws_conv10x4, conv2d_s8, cases::Bytes<cases::KwsConv>)                                 \
  X(kws_pointwise, conv2d_s8, cases::Bytes<cases::Pointwise<125, 64, 64>>)                 \
  X(kws_pointwise_w16, conv2d_s8, cases::Wide<cases::Pointwise<125, 64, 64>>)               \
  X(kws_pointwise_plain, conv2d_s8, cases::Plain<cases::Pointwise<125, 64, 64>>)            \
  X(kws_pointwise_dual, conv2d_s8, cases::Dual<cases::Pointwise<125, 64, 64>>)              \
  X(kws_pointwise_dual5, conv2d_s8, cases::Dual<cases::Pointwise<5, 64, 64>>)               \
  X(kws_conv10x4_dual, conv2d_s8, cases::Dual<cases::KwsConv>)                              \
  X(kws_depthwise, depthwise_s8, cases::BytesDw<cases::Depthwise<25, 5, 64>>)                  \
  X(kws_depthwise_w16, depthwise_s8, cases::Pairs<cases::Depthwise<25, 5, 64>>)             \
  X(kws_depthwise_rows, depthwise_s8_by_rows, cases::BytesDw<cases::Depthwise<25, 5, 64>>)     \
  X(vww_conv3x3s2, conv2d_s8, cases::Bytes<cases::VwwConv>)                                \
  X(vww_pw6x10, conv2d_s8, cases::Bytes<cases::Pointwise<48 * 48, 6, 10>>)                 \
  X(vww_conv3x3s2_dual, conv2d_s8, cases::Dual<cases::VwwConv>)                             \
  X(vww_pw6x10_dual, conv2d_s8, cases::Dual<cases::Pointwise<48 * 48, 6, 10>>)              \
  X(vww_pw57x43, conv2d_s8, cases::Bytes<cases::Pointwise<36, 57, 43>>)                    \
  X(vww_pw128x128, conv2d_s8, cases::Bytes<cases::Pointwise<36, 128, 128>>)                \
  X(vww_dw48_6, depthwise_s8, cases::BytesDw<cases::Depthwise<48, 48, 6>>)                    \
  X(vww_dw48_10s2, depthwise_s8, cases::BytesDw<cases::Depthwise<48, 48, 10, 2>>)             \
  X(vww_dw6_43, depthwise_s8, cases::BytesDw<cases::Depthwise<6, 6, 43>>)                     \
  X(ic_conv16, conv2d_s8, cases::Bytes<cases::IcConv16>)                                   \
  X(ic_conv16_w16, conv2d_s8, cases::Wide<cases::IcConv16>)                                 \
  X(ic_conv16_dual, conv2d_s8, cases::Dual<cases::IcConv16>)                                \
  X(ic_conv32, conv2d_s8, cases::Bytes<cases::IcConv32>)                                   \
  X(ic_conv64, conv2d_s8, cases::Bytes<cases::IcConv64>)                                   \
  X(ic_conv64_w16, conv2d_s8, cases::Wide<cases::IcConv64>)                                 \
  X(ic_conv16_winograd, winograd_s8, cases::Winograd<cases::IcConv16>)                     \
  X(ic_conv16_rows, winograd_rows_s8, cases::WinoRows<cases::IcConv16>)                    \
  X(ic_conv32_rows, winograd_rows_s8, cases::WinoRows<cases::IcConv32>)                    \
  X(ic_conv64_rows, winograd_rows_s8, cases::WinoRows<cases::IcConv64>)                    \
  X(ic_conv32_winograd, winograd_s8, cases::Winograd<cases::IcConv32>)                     \
  X(ic_conv64_winograd, winograd_s8, cases::Winograd<cases::IcConv64>)                     \
  X(ad_dense640x128, dense_s8, cases::Bytes<cases::Dense<640, 128>>)                       \
  X(ad_dense640x128_w16, dense_s8, cases::Wide<cases::Dense<640, 128>>)                     \
  X(ad_dense640x128_dual, dense_s8, cases::Dual<cases::Dense<640, 128>>)                    \
  X(ad_dense128x8, dense_s8, cases::Bytes<cases::Dense<128, 8>>)                           \
  X(ad_dense8x128, dense_s8, cases::Bytes<cases::Dense<8, 128>>)

}  // namespace cases
