// What the processor can do that Swift has no word for.
#ifndef VEDETTE_CPROCESSOR_H
#define VEDETTE_CPROCESSOR_H

#include <stddef.h>
#include <sys/mman.h>

/// Asks for the cache line of an address that will be read and written soon. Never faults, waits for nothing, changes nothing.
static inline void vedette_prefetch(const void *address) { __builtin_prefetch(address, 1, 3); }

/// Wishes that memory be mapped in large pages, so that a look at any place of it is one look at a page table. Where the system has
/// none it changes nothing.
static inline void vedette_wish_large_pages(void *address, size_t bytes) {
#ifdef MADV_HUGEPAGE
    madvise(address, bytes, MADV_HUGEPAGE);
#endif
}

#endif
