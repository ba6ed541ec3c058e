// Runs one AVR program in simavr: its UART on stdout, its exit code as ours, exact cycles between markers.
//
//   run_avr MCU PROGRAM.elf MAX_CYCLES [COUNTS]
//
// The program marks regions by setting bits of GPIOR0 with SBI (probe.hpp) and leaves its exit code in GPIOR1
// before it sleeps with interrupts off (board/avr.c). Written to COUNTS (else stderr), one line each:
//   netsuke-cycles: N    per region: cycles strictly between its markers, laps not counted
//   netsuke-lap: N       per lap, the piece after the last one included
// Exit codes of our own: 2 wrong usage or no such program, 98 out of cycles, 99 the processor crashed.
#include <simavr/avr_uart.h>
#include <simavr/sim_avr.h>
#include <simavr/sim_elf.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
  kExitUsage = 2,
  kExitTimeout = 98,
  kExitCrash = 99,
  // Data-space addresses, the same on ATmega328P and ATmega2560 (data sheets, register summary).
  kGpior0 = 0x3E,
  kGpior1 = 0x4A,
  kBitBegin = 1,
  kBitEnd = 2,
  kBitLap = 4,
  kSbiCycles = 2,
};

struct Regions {
  FILE* out;
  avr_cycle_count_t since, total;  // cycle after the last marker; sum of the closed laps
  unsigned laps;
  int inside;
};

static void quiet_logger(struct avr_t* avr, const int level, const char* format, va_list arguments) {
  (void)avr;
  if (level <= LOG_ERROR) vfprintf(stderr, format, arguments);
}

static void on_uart(struct avr_irq_t* irq, uint32_t value, void* param) {
  (void)irq, (void)param;
  putchar((int)value);
}

static void close_lap(struct Regions* regions, avr_cycle_count_t now, int print) {
  const avr_cycle_count_t lap = now - regions->since;
  regions->total += lap;
  if (print) fprintf(regions->out, "netsuke-lap: %llu\n", (unsigned long long)lap);
}

// simavr calls this while it runs the SBI, before it adds the instruction's cycles. The register is never
// stored, so it reads as 0 and `bits` is just what this SBI sets.
static void on_mark(struct avr_t* avr, avr_io_addr_t address, uint8_t bits, void* param) {
  (void)address;
  struct Regions* regions = param;
  if (bits & kBitBegin) {
    regions->inside = 1;
    regions->laps = 0;
    regions->total = 0;
  } else if (regions->inside && (bits & kBitLap)) {
    ++regions->laps;
    close_lap(regions, avr->cycle, 1);
  } else if (regions->inside && (bits & kBitEnd)) {
    close_lap(regions, avr->cycle, regions->laps > 0);
    fprintf(regions->out, "netsuke-cycles: %llu\n", (unsigned long long)regions->total);
    regions->inside = 0;
  }
  regions->since = avr->cycle + kSbiCycles;
}

static void connect_uart(struct avr_t* avr) {
  uint32_t flags = 0;
  avr_ioctl(avr, AVR_IOCTL_UART_GET_FLAGS('0'), &flags);
  // Neither simavr's own printing nor its naps while the program polls.
  flags &= ~(uint32_t)(AVR_UART_FLAG_STDIO | AVR_UART_FLAG_POOL_SLEEP | AVR_UART_FLAG_POLL_SLEEP);
  avr_ioctl(avr, AVR_IOCTL_UART_SET_FLAGS('0'), &flags);
  avr_irq_register_notify(avr_io_getirq(avr, AVR_IOCTL_UART_GETIRQ('0'), UART_IRQ_OUTPUT), on_uart, NULL);
}

static struct avr_t* load(const char* mcu, const char* program) {
  static elf_firmware_t firmware;
  if (elf_read_firmware(program, &firmware) != 0) return NULL;
  struct avr_t* avr = avr_make_mcu_by_name(mcu);
  if (!avr) return NULL;
  avr_init(avr);
  firmware.frequency = 16000000;
  avr_load_firmware(avr, &firmware);
  return avr;
}

static int run(struct avr_t* avr, avr_cycle_count_t max_cycles) {
  int state = cpu_Running;
  while (state != cpu_Done && state != cpu_Crashed) {
    if (avr->cycle > max_cycles) return kExitTimeout;
    state = avr_run(avr);
  }
  return state == cpu_Crashed ? kExitCrash : avr->data[kGpior1];
}

int main(int argc, char** argv) {
  if (argc < 4 || argc > 5) {
    fprintf(stderr, "usage: run_avr MCU PROGRAM.elf MAX_CYCLES [COUNTS]\n");
    return kExitUsage;
  }
  avr_global_logger_set(quiet_logger);
  struct avr_t* avr = load(argv[1], argv[2]);
  struct Regions regions = {argc == 5 ? fopen(argv[4], "w") : stderr, 0, 0, 0, 0};
  if (!avr || !regions.out) {
    fprintf(stderr, "run_avr: cannot load %s for %s, or cannot write the counts\n", argv[2], argv[1]);
    return kExitUsage;
  }
  connect_uart(avr);
  avr_register_io_write(avr, kGpior0, on_mark, &regions);
  const int code = run(avr, strtoull(argv[3], NULL, 10));
  fflush(stdout);
  if (regions.out != stderr) fclose(regions.out);
  return code;
}
