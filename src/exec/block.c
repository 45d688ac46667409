/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "exec/block.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"

int
block_map(int fd, struct block **ret_block)
{
    struct stat st;
    if (fstat(fd, &st) < 0)
        return -errno;
    if (st.st_size < (off_t)sizeof(struct block))
        return ERR_PROTOCOL;
    void *memory = mmap(NULL, sizeof(struct block), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (memory == MAP_FAILED)
        return -errno;
    *ret_block = memory;
    return 0;
}

int
block_create(struct block **ret_block, int *ret_fd)
{
    int fd = memfd_create("optop-block", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (fd < 0)
        return -errno;
    int r = ftruncate(fd, sizeof(struct block)) < 0 ||
            fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) < 0
        ? -errno
        : block_map(fd, ret_block);
    if (r < 0)
        close(fd);
    else
        *ret_fd = fd;
    return r;
}

void
block_unmap(struct block *block)
{
    if (block)
        munmap(block, sizeof *block);
}
