// A QEMU 7.2 TCG plugin: the exact number of executed guest instructions between two markers.
//
//   build:  gcc -O2 -fPIC -shared -fvisibility=hidden -o count.so count.c m4_cost.c
//   use:    qemu-system-arm ... -plugin ./count.so,out=FILE[,m4=on][,profile=on]
//
// Markers are instructions that do nothing on every core: reserved hints. tests/target/probe.hpp emits them.
//              begin            end              lap
//   Thumb      0xbf60           0xbf70           0xbf80
//   RISC-V     slti x0,x0,6     slti x0,x0,7     slti x0,x0,8
//
// Written to out= (else to stderr), one line each:
//   netsuke-insns: N         per region: instructions strictly between its markers, laps not counted
//   netsuke-m4-cycles: N     per region, with m4=on: the estimate of m4_cost.h
//   netsuke-lap: N [CYCLES]  per lap, in order; the piece after the last lap included
//   netsuke-profile: N NAME  at exit, with profile=on: instructions by function, over all regions
//
// How it counts: QEMU runs translation blocks, straight pieces of code that end at a branch. One callback
// per block adds the block's instructions; a callback before each marker takes off what the block has not
// run yet. An instruction skipped inside an IT block counts, as it takes its cycle on the core too. Not to
// be combined with -icount, which may run an instruction twice.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "m4_cost.h"
#include "qemu_api.h"

int qemu_plugin_version = 1;

struct Counts {
  uint64_t insns, cycles;
};

struct Block {
  uint64_t start, end;    // guest addresses; end is that of the byte after
  struct Counts whole;    // one run of the block
  uint64_t profiled;      // instructions run inside regions; modulo 2^64 while a region is open
  const char* symbol;
};

enum MarkKind { kNoMark, kBegin, kEnd, kLap };

struct Mark {
  enum MarkKind kind;
  struct Block* block;
  struct Counts before;   // what the block runs before the marker
};

// One guest, one plugin: QEMU's callbacks carry no context of their own, so the state lives here.
static struct {
  FILE* out;
  bool is_arm, m4, profile;
  struct Counts now;      // all that ran, the current block as a whole included
  uint64_t previous_end;  // where the last block ended: the next one starts elsewhere after a taken branch
  bool inside;
  unsigned laps;
  struct Counts since, region;  // count at the last mark; sum of the region's closed laps
  struct Block** blocks;
  size_t block_count, block_room;
} state;

static void* must(void* memory) {
  if (memory) return memory;
  fprintf(stderr, "netsuke-count: out of memory\n");
  exit(70);
}

static void on_block(unsigned vcpu, void* userdata) {
  (void)vcpu;
  struct Block* block = userdata;
  if (block->start != state.previous_end) state.now.cycles += kM4TakenBranch;
  state.previous_end = block->end;
  state.now.insns += block->whole.insns;
  state.now.cycles += block->whole.cycles;
  if (state.inside) block->profiled += block->whole.insns;
}

static void on_access(unsigned vcpu, qemu_plugin_meminfo_t info, uint64_t address, void* userdata) {
  (void)vcpu, (void)userdata;
  // The bus splits an unaligned word into two accesses, three if it starts at an odd address.
  const unsigned size = 1u << qemu_plugin_mem_size_shift(info);
  if (size > 4 || (address & (size - 1)) == 0) return;
  state.now.cycles += size == 4 && (address & 1) ? 2 : 1;
}

static void close_lap(struct Counts now, bool print) {
  const struct Counts lap = {now.insns - state.since.insns, now.cycles - state.since.cycles};
  state.region.insns += lap.insns;
  state.region.cycles += lap.cycles;
  if (!print) return;
  fprintf(state.out, "netsuke-lap: %llu", (unsigned long long)lap.insns);
  if (state.m4) fprintf(state.out, " %llu", (unsigned long long)lap.cycles);
  fputc('\n', state.out);
}

static void report_region(void) {
  fprintf(state.out, "netsuke-insns: %llu\n", (unsigned long long)state.region.insns);
  if (state.m4) fprintf(state.out, "netsuke-m4-cycles: %llu\n", (unsigned long long)state.region.cycles);
  fflush(state.out);
}

// Runs just before the marker itself.
static void on_mark(unsigned vcpu, void* userdata) {
  (void)vcpu;
  const struct Mark* mark = userdata;
  const uint64_t insns_left = mark->block->whole.insns - mark->before.insns;
  const uint64_t cycles_left = mark->block->whole.cycles - mark->before.cycles;
  const struct Counts now = {state.now.insns - insns_left, state.now.cycles - cycles_left};
  const struct Counts after = {now.insns + 1, now.cycles + 1};
  if (mark->kind == kBegin) {
    state.inside = true;
    state.laps = 0;
    state.region = (struct Counts){0, 0};
    mark->block->profiled += insns_left - 1;
  } else if (state.inside && mark->kind == kLap) {
    ++state.laps;
    close_lap(now, true);
    --mark->block->profiled;
  } else if (state.inside) {
    close_lap(now, state.laps > 0);
    report_region();
    state.inside = false;
    mark->block->profiled -= insns_left;
  }
  state.since = after;
}

static enum MarkKind thumb_mark(const uint8_t* bytes) {
  if (bytes[1] != 0xbf) return kNoMark;
  if (bytes[0] == 0x60) return kBegin;
  if (bytes[0] == 0x70) return kEnd;
  return bytes[0] == 0x80 ? kLap : kNoMark;
}

static enum MarkKind riscv_mark(const uint8_t* bytes) {
  // slti x0,x0,N is the word N << 20 | 0x2013.
  if (bytes[0] != 0x13 || bytes[1] != 0x20 || bytes[3] != 0 || (bytes[2] & 15) != 0) return kNoMark;
  const int n = bytes[2] >> 4;
  return n == 6 ? kBegin : n == 7 ? kEnd : n == 8 ? kLap : kNoMark;
}

static void watch_mark(struct qemu_plugin_insn* insn, const uint8_t* bytes, struct Block* block) {
  const enum MarkKind kind = state.is_arm ? thumb_mark(bytes) : riscv_mark(bytes);
  if (kind == kNoMark) return;
  struct Mark* mark = must(malloc(sizeof *mark));
  *mark = (struct Mark){kind, block, block->whole};
  qemu_plugin_register_vcpu_insn_exec_cb(insn, on_mark, QEMU_PLUGIN_CB_NO_REGS, mark);
}

static struct Block* new_block(void) {
  if (state.block_count == state.block_room) {
    state.block_room = state.block_room ? 2 * state.block_room : 1024;
    state.blocks = must(realloc(state.blocks, state.block_room * sizeof *state.blocks));
  }
  struct Block* block = must(calloc(1, sizeof *block));
  state.blocks[state.block_count++] = block;
  return block;
}

static void on_translate(qemu_plugin_id_t id, struct qemu_plugin_tb* tb) {
  (void)id;
  struct Block* block = new_block();
  struct M4Insn previous = {kM4Other, 1, -1, -1};  // a block's neighbour is not known
  const size_t count = qemu_plugin_tb_n_insns(tb);
  for (size_t i = 0; i < count; ++i) {
    struct qemu_plugin_insn* insn = qemu_plugin_tb_get_insn(tb, i);
    const uint8_t* bytes = qemu_plugin_insn_data(insn);
    // Not qemu_plugin_insn_size(): QEMU 7.2 is wrong about the last instruction of a page.
    const unsigned size = state.is_arm ? thumb_size(bytes) : (bytes[0] & 3) == 3 ? 4 : 2;
    if (i == 0) block->start = qemu_plugin_insn_vaddr(insn);
    if (i == 0) block->symbol = qemu_plugin_insn_symbol(insn);
    block->end = qemu_plugin_insn_vaddr(insn) + size;
    watch_mark(insn, bytes, block);
    ++block->whole.insns;
    if (!state.m4) continue;
    const struct M4Insn decoded = m4_decode(bytes);
    block->whole.cycles += (uint64_t)m4_cycles(previous, decoded);
    previous = decoded;
    qemu_plugin_register_vcpu_mem_cb(insn, on_access, QEMU_PLUGIN_CB_NO_REGS, QEMU_PLUGIN_MEM_RW, NULL);
  }
  qemu_plugin_register_vcpu_tb_exec_cb(tb, on_block, QEMU_PLUGIN_CB_NO_REGS, block);
}

static const char* name_of(const struct Block* block) {
  return block->symbol && *block->symbol ? block->symbol : "?";
}

static int by_name(const void* a, const void* b) {
  return strcmp(name_of(*(struct Block* const*)a), name_of(*(struct Block* const*)b));
}

static int by_count(const void* a, const void* b) {
  const struct Block* x = *(struct Block* const*)a;
  const struct Block* y = *(struct Block* const*)b;
  return x->profiled < y->profiled ? 1 : x->profiled > y->profiled ? -1 : by_name(a, b);
}

// Sums the blocks of each function into the first of them; returns how many functions there are.
static size_t merge_functions(void) {
  size_t last = 0;
  qsort(state.blocks, state.block_count, sizeof *state.blocks, by_name);
  for (size_t i = 1; i < state.block_count; ++i) {
    if (by_name(&state.blocks[i], &state.blocks[last]) == 0) {
      state.blocks[last]->profiled += state.blocks[i]->profiled;
    } else {
      state.blocks[++last] = state.blocks[i];
    }
  }
  return state.block_count ? last + 1 : 0;
}

static void on_exit_of_qemu(qemu_plugin_id_t id, void* userdata) {
  (void)id, (void)userdata;
  if (state.profile) {
    const size_t functions = merge_functions();
    qsort(state.blocks, functions, sizeof *state.blocks, by_count);
    for (size_t i = 0; i < functions && state.blocks[i]->profiled; ++i) {
      fprintf(state.out, "netsuke-profile: %llu %s\n", (unsigned long long)state.blocks[i]->profiled,
              name_of(state.blocks[i]));
    }
  }
  fflush(state.out);
}

static int read_option(const char* option) {
  if (strcmp(option, "m4=on") == 0) {
    state.m4 = true;
  } else if (strcmp(option, "profile=on") == 0) {
    state.profile = true;
  } else if (strncmp(option, "out=", 4) == 0 && (state.out = fopen(option + 4, "w")) != NULL) {
    return 0;
  } else {
    fprintf(stderr, "netsuke-count: cannot use option '%s'\n", option);
    return -1;
  }
  return 0;
}

int qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t* info, int argc, char** argv) {
  state.out = stderr;
  state.is_arm = strcmp(info->target_name, "arm") == 0;
  for (int i = 0; i < argc; ++i) {
    if (read_option(argv[i]) != 0) return -1;
  }
  state.m4 = state.m4 && state.is_arm;
  qemu_plugin_register_vcpu_tb_trans_cb(id, on_translate);
  qemu_plugin_register_atexit_cb(id, on_exit_of_qemu, NULL);
  return 0;
}
