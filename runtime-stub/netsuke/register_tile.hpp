// A block of float sums that lives in registers: PX pixels (or rows) by W lanes (output channels).
//
// Structs that contain a smaller copy of themselves stand in for arrays: every sum is then a named scalar,
// which each compiler keeps in a register at each optimisation level, without unrolling pragmas. Each step
// loads W weights and PX inputs for PX * W multiply-adds.
//
// Summation order: every sum starts from its bias (or 0) and takes its products in the order in which they
// are stored, one after the other. The tile's size never changes a result. A target with fused multiply-add
// may fuse each product with its addition (the compilers' default), so targets differ in the last bit.
#ifndef NETSUKE_REGISTER_TILE_HPP
#define NETSUKE_REGISTER_TILE_HPP

#include "core.hpp"

namespace netsuke {

// True where float arithmetic is a library call: tiles and unrolling would only cost code.
#if defined(__SOFTFP__) || defined(__AVR__) || (defined(__riscv) && !defined(__riscv_flen))
constexpr bool kSoftFloat = true;
#else
constexpr bool kSoftFloat = false;
#endif

// Where the second factor lies: constants in program memory or values in RAM (these differ on AVR).
struct FromRom {
  static inline float load(const float* p) { return rom(p); }
};
struct FromRam {
  static inline float load(const float* p) { return *p; }
};

// Keeps the loads of one step from moving into another. GCC's scheduler would otherwise collect loads of
// several steps ahead of the sums and run out of registers. No instruction; the vector units of other targets
// are better served without it.
static inline void keep_step_together() {
#if defined(__arm__) && defined(__ARM_FP) && !defined(__ARM_FEATURE_MVE)
  __asm__ volatile("" ::: "memory");
#endif
}

// Says that x is in a register of the FPU now. Without this, GCC may see that a sum starts as a plain load
// and ends in integer instructions (relu), and keep it in integer registers or in memory around the loop. No
// instruction.
[[gnu::always_inline]] static inline float in_fpu(float x) {
#if defined(__arm__) && defined(__ARM_FP) && !defined(__ARM_FEATURE_MVE)
  __asm__("" : "+t"(x));
#endif
  return x;
}

template <int W>
struct Lanes {
  float first;
  Lanes<W - 1> rest;

  [[gnu::always_inline]] inline void zero() {
    first = 0.0f;
    rest.zero();
  }
  template <class Memory>
  [[gnu::always_inline]] inline void load(const float* p) {
    first = Memory::load(p);
    rest.template load<Memory>(p + 1);
  }
  [[gnu::always_inline]] inline void start(const Lanes& bias) {
    first = in_fpu(bias.first);
    rest.start(bias.rest);
  }
  [[gnu::always_inline]] inline void add_product(float x, const Lanes& w) {
    first += x * w.first;
    rest.add_product(x, w.rest);
  }
  template <class P>
  [[gnu::always_inline]] inline void store(float* out) const {
    *out = P::act(in_fpu(first));
    rest.template store<P>(out + 1);
  }
};

template <>
struct Lanes<0> {
  inline void zero() {}
  inline void start(const Lanes&) {}
  template <class Memory>
  inline void load(const float*) {}
  inline void add_product(float, const Lanes&) {}
  template <class P>
  inline void store(float*) const {}
};

template <int PX, int W>
struct Tile {
  Lanes<W> pixel;
  Tile<PX - 1, W> rest;

  [[gnu::always_inline]] inline void start(const Lanes<W>& bias) {
    pixel.start(bias);
    rest.start(bias);
  }
  // Pixels [From, To) of the tile take one product per lane; x is the input of pixel 0.
  template <index_t Stride, int From, int To>
  [[gnu::always_inline]] inline void step(const float* x, const Lanes<W>& w) {
    if (From <= 0 && To > 0) pixel.add_product(*x, w);
    rest.template step<Stride, From - 1, To - 1>(x + Stride, w);
  }
  template <class P, index_t Stride>
  [[gnu::always_inline]] inline void store(float* out) const {
    pixel.template store<P>(out);
    rest.template store<P, Stride>(out + Stride);
  }
};

template <int W>
struct Tile<0, W> {
  inline void start(const Lanes<W>&) {}
  template <index_t Stride, int From, int To>
  inline void step(const float*, const Lanes<W>&) {}
  template <class P, index_t Stride>
  inline void store(float*) const {}
};

// Steps steps, written out one after the other. Pitch: floats between the weights of successive steps.
// Apart: see keep_step_together; not wanted for single steps, whose neighbours may read the same inputs.
template <class Memory, index_t Stride, index_t Pitch, int From, int To, int Steps, bool Apart>
struct StepRun {
  template <int PX, int W>
  [[gnu::always_inline]] static inline void run(Tile<PX, W>& tile, const float* x, const float* w) {
    Lanes<W> lanes;
    if (Apart) keep_step_together();
    lanes.template load<Memory>(w);
    tile.template step<Stride, From, To>(x, lanes);
    StepRun<Memory, Stride, Pitch, From, To, Steps - 1, Apart>::run(tile, x + 1, w + Pitch);
  }
};

template <class Memory, index_t Stride, index_t Pitch, int From, int To, bool Apart>
struct StepRun<Memory, Stride, Pitch, From, To, 0, Apart> {
  template <int PX, int W>
  static inline void run(Tile<PX, W>&, const float*, const float*) {}
};

// Steps written out per turn of a loop.
#if defined(__OPTIMIZE_SIZE__)
constexpr int kUnroll = kSoftFloat ? 1 : 2;
#else
constexpr int kUnroll = kSoftFloat ? 1 : 8;
#endif

// tile[p][lane] += sum over k < Count of x[p * Stride + k] * w[k * Pitch + lane], for pixels [From, To).
template <class Memory, index_t Stride, index_t Pitch, index_t Count, int From, int To, int Unroll, int PX,
          int W>
[[gnu::always_inline]] inline void accumulate(Tile<PX, W>& tile, const float* x, const float* w) {
  if (Count >= Unroll) {
    const float* const end = x + Count / Unroll * Unroll;
    do {
      StepRun<Memory, Stride, Pitch, From, To, Unroll, Count != 1>::run(tile, x, w);
      x += Unroll;
      w += Unroll * Pitch;
    } while (x != end);
  }
  StepRun<Memory, Stride, Pitch, From, To, static_cast<int>(Count % Unroll), Count != 1>::run(tile, x, w);
}

// How many pixels at a time: the tile's sums, W weights and an input must fit into about 30 registers, and
// the last, narrower tile of a row of `count` pixels should not be too narrow. Loads decide, as the
// multiply-adds are the same for all: a tile of p pixels loads p + W floats per step.
constexpr index_t tile_loads(index_t count, index_t pixels, index_t lanes) {
  return count / pixels * (pixels + lanes) + (count % pixels ? count % pixels + lanes : 0);
}

constexpr index_t better_tile(index_t count, index_t lanes, index_t a, index_t b) {
  return tile_loads(count, a, lanes) < tile_loads(count, b, lanes) ? a : b;
}

constexpr index_t best_tile(index_t count, index_t lanes, index_t pixels) {
  return pixels <= 1 ? 1 : better_tile(count, lanes, best_tile(count, lanes, pixels - 1), pixels);
}

constexpr index_t max_tile(index_t lanes) {
  return lanes > 12 ? 1 : (lanes >= 3 ? 24 / lanes : 8);
}

// The number of pixels per tile for a row of `count` pixels; at least 1.
constexpr int tile_pixels(index_t count, index_t lanes) {
  return kSoftFloat || count < 1
             ? 1
             : static_cast<int>(best_tile(count, lanes, max_tile(lanes) < count ? max_tile(lanes) : count));
}

}  // namespace netsuke

#endif  // NETSUKE_REGISTER_TILE_HPP
