#ifndef KNOWN_H
#define KNOWN_H

#define KNOWN_ARENA_BYTES 16
#define KNOWN_ARENA_ALIGN 8

#endif  // KNOWN_H
