// SPDX-License-Identifier: Apache-2.0
// A program that knows nothing of the library: connects two DTLS connections in memory and says
// what they speak. "--sealed": nothing of its memory becomes writable that was not, as where a
// sandbox filters system calls.
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "tests/abi/interposed_connection.h"
#include "tests/abi/pair.h"

static void Seal(void) {
  struct sock_filter instructions[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_mprotect, 0, 3),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[2])),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PROT_READ | PROT_WRITE, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | 13 /* EACCES */),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  struct sock_fprog program = {sizeof(instructions) / sizeof(instructions[0]), instructions};
  Check(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
            prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0,
        "the filter of system calls is not taken");
}

int main(int argc, char** argv) {
  if (argc > 1 && strcmp(argv[1], "--sealed") == 0) Seal();
  printf("program: %s\n", ConnectAndTell());
  return 0;
}
