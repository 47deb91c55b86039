#include "spawn.hpp"

#include <infra/base/error.hpp>

#include <array>
#include <cerrno>
#include <csignal>
#include <map>
#include <system_error>

#include <fcntl.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

extern char** environ;

namespace infra::cli {
namespace {

[[noreturn]] void refuse(const char* what, int code) {
    throw error(infra::errc::io,
                std::string("cannot start the command: ") + what + ": " + std::generic_category().message(code));
}

void require(int code, const char* what) {
    if (code != 0)
        refuse(what, code);
}

// A child that does not read its input must not end us; and one whose end nobody may ask for could not be waited for.
void prepare_signals() {
    static const bool done = [] {
        std::signal(SIGPIPE, SIG_IGN);
        std::signal(SIGCHLD, SIG_DFL);
        return true;
    }();
    (void)done;
}

struct pipe_ends {
    descriptor read;
    descriptor write;
};

// Above the standard ones, which the child's own ends are copied to, in whatever order.
descriptor lifted(descriptor fd) {
    if (fd.get() > STDERR_FILENO)
        return fd;
    descriptor higher(fcntl(fd.get(), F_DUPFD_CLOEXEC, STDERR_FILENO + 1));
    if (higher.get() < 0)
        refuse("a descriptor", errno);
    return higher;
}

pipe_ends make_pipe() {
    std::array<int, 2> ends{};
    if (pipe2(ends.data(), O_CLOEXEC) != 0)
        refuse("a pipe", errno);
    descriptor read(ends[0]), write(ends[1]);
    return {lifted(std::move(read)), lifted(std::move(write))};
}

void make_non_blocking(const descriptor& fd) {
    if (fcntl(fd.get(), F_SETFL, O_NONBLOCK) != 0) // of a new pipe, which has no other flags
        refuse("a pipe", errno);
}

// Ours, and over them those of the job.
std::vector<std::string> environment_with(const std::vector<std::pair<std::string, std::string>>& variables) {
    std::map<std::string, std::string> all;
    for (char** each = environ; each && *each; ++each)
        if (const std::string text = *each; text.find('=') != std::string::npos)
            all[text.substr(0, text.find('='))] = text;
    for (const auto& [name, value] : variables)
        all[name] = name + "=" + value;
    std::vector<std::string> texts;
    for (auto& [name, text] : all)
        texts.push_back(std::move(text));
    return texts;
}

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
    std::vector<char*> pointers;
    for (auto& each : texts)
        pointers.push_back(each.data());
    pointers.push_back(nullptr);
    return pointers;
}

struct file_actions {
    file_actions() { require(posix_spawn_file_actions_init(&these), "no memory"); }
    ~file_actions() { posix_spawn_file_actions_destroy(&these); }
    file_actions(const file_actions&) = delete;
    file_actions& operator=(const file_actions&) = delete;

    void put(const descriptor& from, int to) {
        require(posix_spawn_file_actions_adddup2(&these, from.get(), to), "no memory");
    }
    posix_spawn_file_actions_t these{};
};

// A group of its own, and signals as a fresh process has them.
struct attributes {
    attributes() {
        require(posix_spawnattr_init(&these), "no memory");
        sigset_t none{}, all{};
        sigemptyset(&none);
        sigfillset(&all);
        posix_spawnattr_setpgroup(&these, 0);
        posix_spawnattr_setsigmask(&these, &none);
        posix_spawnattr_setsigdefault(&these, &all);
        posix_spawnattr_setflags(&these, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    }
    ~attributes() { posix_spawnattr_destroy(&these); }
    attributes(const attributes&) = delete;
    attributes& operator=(const attributes&) = delete;

    posix_spawnattr_t these{};
};

pid_t start(const child_command& what, const descriptor& in, const descriptor& out, const descriptor& err) {
    file_actions files;
    files.put(in, STDIN_FILENO);
    files.put(out, STDOUT_FILENO);
    files.put(err, STDERR_FILENO);
    const attributes how;
    std::vector<std::string> words{"sh", "-c", what.command};
    auto variables = environment_with(what.variables);
    pid_t pid = -1;
    require(posix_spawn(&pid, "/bin/sh", &files.these, &how.these, pointers_to(words).data(),
                        pointers_to(variables).data()),
            "/bin/sh");
    return pid;
}

// The header of glibc 2.36 declares pidfd_open for C alone.
descriptor watch(pid_t pid) { return descriptor(static_cast<int>(syscall(SYS_pidfd_open, pid, 0))); }

} // namespace

descriptor::~descriptor() {
    if (fd_ >= 0)
        close(fd_);
}

spawned spawn(const child_command& what) {
    prepare_signals();
    auto in = make_pipe(), out = make_pipe(), err = make_pipe();
    for (const auto* ours : {&in.write, &out.read, &err.read})
        make_non_blocking(*ours);
    spawned child{.in = std::move(in.write), .out = std::move(out.read), .err = std::move(err.read)};
    child.pid = start(what, in.read, out.write, err.write);
    child.process = watch(child.pid);
    if (child.process.get() < 0) {
        const int why = errno;
        kill(-child.pid, SIGKILL);
        bury(child);
        refuse("pidfd_open, which Linux has since 5.3", why);
    }
    return child;
}

int bury(const spawned& child) noexcept {
    siginfo_t end{};
    const auto wait_for_it = [&](int flags) {
        while (waitid(P_PID, static_cast<id_t>(child.pid), &end, WEXITED | flags) != 0 && errno == EINTR)
            ;
    };
    wait_for_it(WNOWAIT);
    kill(-child.pid, SIGKILL); // as long as it is not forgotten, its number is nobody else's
    wait_for_it(0);
    return end.si_code == CLD_EXITED ? end.si_status : 128 + end.si_status;
}

} // namespace infra::cli
