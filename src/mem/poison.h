/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Memory that must not be touched now, told to AddressSanitizer; nothing in
 * other builds. What lies in mappings of ours may point at the heap, which its
 * search for leaks has to be told, too.
 */
#ifndef OPTOP_MEM_POISON_H
#define OPTOP_MEM_POISON_H

#ifdef __SANITIZE_ADDRESS__

#include <sanitizer/asan_interface.h>
#include <sanitizer/lsan_interface.h>

#define POISON(at, size) ASAN_POISON_MEMORY_REGION((at), (size))
#define UNPOISON(at, size) ASAN_UNPOISON_MEMORY_REGION((at), (size))
#define UNCHECKED __attribute__((no_sanitize("address"))) /* a function that may touch it */
#define ROOT_ADD(at, size) __lsan_register_root_region((at), (size))
#define ROOT_REMOVE(at, size) __lsan_unregister_root_region((at), (size))

#else

#define POISON(at, size) ((void)(at), (void)(size))
#define UNPOISON(at, size) ((void)(at), (void)(size))
#define UNCHECKED
#define ROOT_ADD(at, size) ((void)(at), (void)(size))
#define ROOT_REMOVE(at, size) ((void)(at), (void)(size))

#endif

#endif
