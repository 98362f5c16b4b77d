// How late this host wakes a real-time thread that only sleeps: one on each processor, until stdin ends. No program of
// ours, and none of anybody's, is sooner than that. Prints one JSON object.
#define _GNU_SOURCE
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now_ms(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1e3 + t.tv_nsec / 1e6;
}

static void watch(int cpu, volatile double *latest) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(cpu, &set);
  struct sched_param first = {.sched_priority = 50};
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (sched_setaffinity(0, sizeof set, &set) || sched_setscheduler(0, SCHED_FIFO, &first)) exit(1);
  const struct timespec nap = {0, 1000000};
  for (;;) {
    const double began = now_ms();
    nanosleep(&nap, NULL);
    const double late = now_ms() - began - 1;
    if (late > *latest) *latest = late;
  }
}

int main(void) {
  const int cpus = (int)sysconf(_SC_NPROCESSORS_ONLN);
  double *late = mmap(NULL, cpus * sizeof(double), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  for (int cpu = 0; cpu < cpus; cpu++)
    if (fork() == 0) watch(cpu, late + cpu);
  char rest[64];
  while (read(0, rest, sizeof rest) > 0) continue;
  double worst = 0;
  for (int cpu = 0; cpu < cpus; cpu++)
    if (late[cpu] > worst) worst = late[cpu];
  const int ended = waitpid(-1, NULL, WNOHANG) > 0;
  signal(SIGTERM, SIG_IGN);
  kill(0, SIGTERM);
  if (ended) return 1;
  printf("{\"late_ms\":%.3f}\n", worst);
  return 0;
}
