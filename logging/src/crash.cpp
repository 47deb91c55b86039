// The process has run into a fatal signal. The thread that writes is still there, so the handler only stops those who log,
// asks it for a last round and waits: nothing in here allocates, locks or makes text. Then the signal does what it did
// before. (If it is the writing thread that crashed, what the rings hold is lost.)

#include "pipeline_state.hpp"

#include <cerrno>
#include <iterator>

#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace infra::logging::detail {
namespace {

constexpr int fatal_signals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGSYS};
constexpr auto patience_at_crash = std::chrono::seconds(2);

constinit std::atomic<pipeline_state*> drained{nullptr};
constinit std::atomic<bool> crashing{false};

void restore(int signal) noexcept {
    struct sigaction before{};
    before.sa_handler = SIG_DFL;
    ::sigaction(signal, &before, nullptr);
}

void on_fatal_signal(int signal, siginfo_t* info, void*) {
    const int kept = errno;
    if (!crashing.exchange(true)) {
        drained.load()->drain_for_crash(deadline::after(patience_at_crash));
        restore(signal);
    } else {
        const timespec longer_than_the_other{.tv_sec = patience_at_crash.count() + 1, .tv_nsec = 0};
        ::nanosleep(&longer_than_the_other, nullptr); // it ends the process
        restore(signal);
    }
    // A fault happens again on return, with its own registers for the core file. What was sent must be sent again.
    const bool was_sent = info->si_code <= 0;
    if (was_sent)
        ::syscall(SYS_tgkill, ::getpid(), ::gettid(), signal);
    errno = kept;
}

bool is_unhandled(int signal) noexcept {
    struct sigaction now{};
    return ::sigaction(signal, nullptr, &now) == 0 && !(now.sa_flags & SA_SIGINFO) && now.sa_handler == SIG_DFL;
}

} // namespace

void drain_at_crash(pipeline_state& state) noexcept {
    drained.store(&state);
    struct sigaction ours{};
    ours.sa_sigaction = &on_fatal_signal;
    ours.sa_flags = SA_SIGINFO | SA_ONSTACK;
    sigfillset(&ours.sa_mask);
    for (const int each : fatal_signals)
        if (is_unhandled(each))
            ::sigaction(each, &ours, nullptr);
}

} // namespace infra::logging::detail
