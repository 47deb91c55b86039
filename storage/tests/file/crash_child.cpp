// Processes for crash_test.cpp and processes_test.cpp.
//
//     storage_file_child DIRECTORY change ROUND     changes three keys, from that round on, and says so after each; to be killed
//     storage_file_child DIRECTORY create COUNT     creates keys only if they are absent; says which it has created
//     storage_file_child DIRECTORY count COUNT      adds to the number in an object, only if nobody else has meanwhile
//     storage_file_child DIRECTORY fill             mounts a small file system there, where it may, and fills it
//     storage_file_child DIRECTORY read             mounts one there, makes it read-only, and says what can be done still

#include "changes.hpp"

#include <infra/runtime/blocking_pool.hpp>
#include <infra/runtime/wait.hpp>
#include <infra/storage/file.hpp>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

namespace {

using namespace infra;
using namespace infra::storage;

deadline soon() { return deadline::after(std::chrono::seconds(60)); }

std::string read(bucket& from, const std::string& key, object_info& info) {
    auto object = wait(from.get({.key = key}, soon()));
    std::string all;
    for (auto piece = wait(object.pieces()); !piece.empty(); piece = wait(object.pieces()))
        all += piece;
    info = object.info;
    return all;
}

void upload(bucket& to, const put_request& what, const std::string& bytes) {
    const auto id = wait(to.begin_upload(what, soon()));
    const auto half = bytes.size() / 2;
    const auto first = wait(to.put_part(id, 1, bytes.substr(0, half), {}, soon()));
    const auto second = wait(to.put_part(id, 2, bytes.substr(half), {}, soon()));
    wait(to.complete_upload(id, {first, second}, what, soon()));
}

int keep_changing(bucket& in, int round) {
    for (;; ++round) {
        const auto made = change_of(round);
        const put_request what{.key = made.key, .attributes = {.metadata = {{"round", std::to_string(round)}}}};
        if (made.how == change_by::removing)
            wait(in.remove(made.key, {}, soon()));
        else if (made.how == change_by::uploading)
            upload(in, what, made.bytes);
        else
            wait(in.put(what, {.bytes = made.bytes}, soon()));
        std::printf("%d\n", round);
        std::fflush(stdout);
    }
}

int create_keys(bucket& in, int count) {
    for (int i = 0; i < count; ++i) {
        try {
            wait(in.put({.key = "d/" + std::to_string(i), .write = {.if_absent = true}},
                        {.bytes = std::to_string(::getpid())}, soon()));
            std::printf("%d\n", i);
        } catch (const storage_error& e) {
            if (e.code() != storage::errc::precondition)
                throw;
        }
    }
    return 0;
}

int count_up(bucket& in, int count) {
    for (int done = 0; done < count;) {
        try {
            object_info before;
            const int number = std::atoi(read(in, "number", before).c_str());
            wait(in.put({.key = "number", .write = {.if_match = before.etag}}, {.bytes = std::to_string(number + 1)},
                        soon()));
            ++done;
        } catch (const storage_error& e) {
            if (e.code() != storage::errc::precondition)
                throw;
        }
    }
    return 0;
}

bool write_file(const char* path, const std::string& text) {
    std::ofstream to(path);
    return static_cast<bool>(to << text << std::flush);
}

// Of this process's own: as root, or as the root of a name space of its own.
bool mount_small(const char* directory) {
    const auto user = std::to_string(::getuid()), group = std::to_string(::getgid());
    if (::unshare(CLONE_NEWNS) != 0 &&
        !(::unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0 && write_file("/proc/self/setgroups", "deny") &&
          write_file("/proc/self/uid_map", "0 " + user + " 1") &&
          write_file("/proc/self/gid_map", "0 " + group + " 1")))
        return false;
    return ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
           ::mount("none", directory, "tmpfs", 0, "size=2m") == 0;
}

int fill(const std::string& directory, blocking_pool& pool) {
    if (!mount_small(directory.c_str()))
        return 77;
    const auto in = make_file_bucket({.directory = directory + "/store", .pool = &pool});
    wait(in->put({.key = "kept"}, {.bytes = "as it was"}, soon()));
    for (int i = 0; i < 3; ++i) {
        try {
            wait(in->put({.key = "kept"}, {.bytes = std::string(4 << 20, 'x')}, soon()));
            return 1;
        } catch (const storage_error& e) {
            std::printf("%s: %s\n", e.name().c_str(), e.what());
        }
    }
    object_info info;
    std::printf("%s\n", read(*in, "kept", info).c_str());
    wait(in->put({.key = "small"}, {.bytes = "has room"}, soon()));
    return 0;
}

bool make_read_only(const std::string& directory, bool yes) {
    return ::mount("none", directory.c_str(), nullptr, MS_REMOUNT | (yes ? MS_RDONLY : 0ul), nullptr) == 0;
}

template <class T>
void say_failure_of(awaitable<T> work) {
    try {
        wait(std::move(work));
        std::printf("done\n");
    } catch (const storage_error& e) {
        std::printf("%s: %s\n", e.name().c_str(), e.what());
    }
}

void say_what_can_be_read(bucket& in) {
    object_info info;
    const auto bytes = read(in, "d/kept.txt", info);
    std::printf("%s %s %s %zu\n", bytes.c_str(), wait(in.head("d/kept.txt", {}, soon())).content_type.c_str(),
                info.metadata.contains("by") ? "known" : "unknown", wait(in.list({}, soon())).objects.size());
}

int read_only(const std::string& directory, blocking_pool& pool) {
    if (!mount_small(directory.c_str()))
        return 77;
    const file_options how{.directory = directory, .pool = &pool};
    std::filesystem::create_directory(directory + "/d");
    write_file((directory + "/d/kept.txt").c_str(), "by hand");
    make_read_only(directory, true);
    say_what_can_be_read(*make_file_bucket(how)); // has never been a store
    make_read_only(directory, false);
    const put_request what{.key = "d/kept.txt", .attributes = {.content_type = "x/y", .metadata = {{"by", "us"}}}};
    wait(make_file_bucket(how)->put(what, {.bytes = "kept"}, soon()));
    make_read_only(directory, true);
    const auto in = make_file_bucket(how);
    say_what_can_be_read(*in);
    say_failure_of(in->put({.key = "new"}, {.bytes = "x"}, soon()));
    say_failure_of(in->remove("d/kept.txt", "", soon()));
    say_failure_of(in->copy({.from = "d/kept.txt", .to = "copy"}, soon()));
    say_failure_of(in->begin_upload({.key = "new"}, soon()));
    make_read_only(directory, false);
    say_failure_of(in->put({.key = "new"}, {.bytes = "x"}, soon()));
    return 0;
}

} // namespace

int main(int argc, char** argv) try {
    const std::string what = argc > 2 ? argv[2] : "";
    const int number = argc > 3 ? std::atoi(argv[3]) : 0;
    blocking_pool pool; // which ends before the process, so that nothing of it counts as leaked
    if (what == "fill")
        return fill(argv[1], pool);
    if (what == "read")
        return read_only(argv[1], pool);
    const auto in = make_file_bucket({.directory = argv[1], .pool = &pool});
    return what == "change"   ? keep_changing(*in, number)
           : what == "create" ? create_keys(*in, number)
                              : count_up(*in, number);
} catch (const std::exception& e) {
    std::fprintf(stderr, "child: %s\n", e.what());
    return 1;
}
