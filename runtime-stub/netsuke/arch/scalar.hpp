// Loads and multiply-adds for cores that do one multiplication at a time: RV32IM, Armv7-M without DSP, Armv6-M,
// AVR, and any other by plain C++.
//
// On RV32 each is an assembly statement of one load, or one multiplication and addition, which the compiler does
// not reorder: GCC's scheduler would collect the loads of several steps ahead of the sums, run out of registers
// and spill (3.9 instead of 3.4 instructions per multiply-accumulate). Armv7-M is better served without.
#ifndef NETSUKE_ARCH_SCALAR_HPP
#define NETSUKE_ARCH_SCALAR_HPP

#include "../core.hpp"

#if defined(__riscv) && defined(__riscv_mul)
#define NETSUKE_SCALAR_ASM 1
#else
#define NETSUKE_SCALAR_ASM 0
#endif

namespace netsuke {

// A stored value in a register: as it is where registers have 8 bits, else extended once by the load.
#if defined(__AVR__)
template <class T>
struct InRegister {
  typedef T type;
};
#else
template <class T>
struct InRegister {
  typedef int32_t type;
};
#endif

#if NETSUKE_SCALAR_ASM
[[gnu::always_inline]] static inline int32_t load_value(const int8_t* p) {
  int32_t value;
  __asm__ volatile("lb %0, %1" : "=r"(value) : "m"(*p));
  return value;
}
[[gnu::always_inline]] static inline int32_t load_value(const int16_t* p) {
  int32_t value;
  __asm__ volatile("lh %0, %1" : "=r"(value) : "m"(*p));
  return value;
}
#else
template <class T>
[[gnu::always_inline]] inline typename InRegister<T>::type load_value(const T* p) {
  return *p;
}
#endif

// The same for constants, which AVR keeps elsewhere.
template <class T>
[[gnu::always_inline]] inline typename InRegister<T>::type load_weight(const T* p) {
#if defined(__AVR__)
  return rom(p);
#else
  return load_value(p);
#endif
}

// sum += x * w. An int holds the product of two int8 even where it has 16 bits.
#if NETSUKE_SCALAR_ASM
// Into a register of the compiler's choice: where the sum has to stay, it moves and spills those around it.
[[gnu::always_inline]] static inline void multiply_add(int32_t& sum, int32_t x, int32_t w) {
  int32_t result;
  __asm__ volatile("mul %0, %1, %2\n\tadd %0, %0, %3" : "=&r"(result) : "r"(x), "r"(w), "r"(sum));
  sum = result;
}
#else
[[gnu::always_inline]] static inline void multiply_add(int32_t& sum, int32_t x, int32_t w) { sum += x * w; }
#endif
#if defined(__AVR__)
// 10 cycles; avr-gcc takes 15, as it extends the product before it adds.
[[gnu::always_inline]] static inline void multiply_add(int32_t& sum, int8_t x, int8_t w) {
  uint8_t sign;
  __asm__ volatile(
      "muls %2, %3\n\tclr %1\n\tsbrc r1, 7\n\tdec %1\n\t"
      "add %A0, r0\n\tadc %B0, r1\n\tadc %C0, %1\n\tadc %D0, %1\n\tclr __zero_reg__"
      : "+r"(sum), "=&r"(sign)
      : "d"(x), "d"(w)
      : "r0");
}
[[gnu::always_inline]] static inline void multiply_add(int32_t& sum, int8_t x, int16_t w) {
  sum += static_cast<int32_t>(x) * w;
}
[[gnu::always_inline]] static inline void multiply_add(int32_t& sum, int16_t x, int8_t w) {
  sum += static_cast<int32_t>(x) * w;
}
[[gnu::always_inline]] static inline void multiply_add(int32_t& sum, int16_t x, int16_t w) {
  sum += static_cast<int32_t>(x) * w;
}
#endif

}  // namespace netsuke

#endif  // NETSUKE_ARCH_SCALAR_HPP
