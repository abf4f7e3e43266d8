// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_SHIM_TESTING_CHILD_H_
#define DTLS13_SHIM_TESTING_CHILD_H_

#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

namespace dtls13::shim {

// InChild returns what `question` is in a child of this process.
template <typename Question>
bool InChild(Question question) {
  const pid_t child = fork();
  if (child == 0) _exit(question() ? 0 : 1);
  int status = 1;
  return waitpid(child, &status, 0) == child && status == 0;
}

}  // namespace dtls13::shim

#endif  // DTLS13_SHIM_TESTING_CHILD_H_
