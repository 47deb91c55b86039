// What it costs to keep an object in a directory, beside dd, which keeps bytes alone.
//
//     storage_file_bench [--json FILE] [--rounds N] [--mib N] [--small N]
//
// Both read the same file, in pieces of 1 MiB, and write another on the disk of the working directory that is synced in the end. Ours besides
// computes a checksum, keeps it with the object's metadata, and makes all of it appear at once. dd's time is what it says itself, without
// its start. Rounds alternate and the median of each counts. Small objects have 4 KiB and are put one after the other, synced too.

#include "comparison.hpp"

#include <infra/base/id.hpp>
#include <infra/runtime/wait.hpp>
#include <infra/storage.hpp>

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

namespace fs = std::filesystem;
namespace storage = infra::storage;

constexpr std::size_t mib = 1u << 20;

class folder {
public:
    explicit folder(fs::path in) : path_(in / ("storage-bench-" + infra::random_hex(4))) {
        fs::create_directory(path_);
    }
    ~folder() { fs::remove_all(path_); }
    folder(const folder&) = delete;
    folder& operator=(const folder&) = delete;
    fs::path operator/(const char* name) const { return path_ / name; }

private:
    fs::path path_;
};

double seconds_since(std::chrono::steady_clock::time_point begun) {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
}

double put(storage::storage to, const fs::path& source) {
    const auto begun = std::chrono::steady_clock::now();
    infra::wait(to.put("object.bin", storage::file{source}));
    return seconds_since(begun);
}

double get(storage::storage from) {
    const auto begun = std::chrono::steady_clock::now();
    auto object = infra::wait(from.open("object.bin"));
    while (!infra::wait(object.read()).empty()) {
    }
    return seconds_since(begun);
}

// "67108864 bytes (67 MB, 64 MiB) copied, 0.0412 s, 1.6 GB/s"
double dd(const fs::path& source, const fs::path& to) {
    const auto command = "LC_ALL=C dd if=" + source.string() + " of=" + to.string() + " bs=1M conv=fsync 2>&1";
    auto* const output = ::popen(command.c_str(), "r");
    std::string text;
    for (int c = output ? std::fgetc(output) : EOF; c != EOF; c = std::fgetc(output))
        text += static_cast<char>(c);
    const auto at = text.find("copied, ");
    if (!output || ::pclose(output) != 0 || at == std::string::npos)
        throw std::runtime_error("dd failed: " + text);
    return std::stod(text.substr(at + 8));
}

infra::awaitable<void> put_small(storage::storage to, int count) {
    const infra::shared_bytes bytes(std::string(4096, 'x'));
    for (int i = 0; i < count; ++i)
        co_await to.put("small/" + std::to_string(i) + ".bin", bytes);
}

double small(storage::storage to, int count) {
    const auto begun = std::chrono::steady_clock::now();
    infra::wait(put_small(std::move(to), count));
    return seconds_since(begun);
}

int compare(const infra::bench::arguments& a) {
    const folder here(fs::current_path()), in_memory("/dev/shm");
    const auto source = in_memory / "source";
    std::ofstream(source, std::ios::binary) << std::string(static_cast<std::size_t>(a["mib"]) * mib, 'x');
    const storage::storage store({.bucket = storage::make_file_bucket({.directory = here / "store"})});
    std::vector<double> puts, gets, dds, smalls;
    for (int i = 0; i < a["rounds"]; ++i) {
        dds.push_back(a["mib"] / dd(source, here / "dd.bin"));
        puts.push_back(a["mib"] / put(store, source));
        gets.push_back(a["mib"] / get(store));
        smalls.push_back(a["small"] / small(store, a["small"]));
    }
    using infra::bench::median;
    infra::bench::report to(a);
    to.add({"storage.file_put", median(puts), "MiB/s", "dd conv=fsync", median(dds), infra::bench::better::more});
    to.add({"storage.file_get", median(gets), "MiB/s"});
    to.add({"storage.file_put_small", median(smalls), "objects/s"});
    return 0;
}

} // namespace

int main(int count, char** values) {
    return infra::bench::run(count, values, {{"rounds", 9}, {"mib", 64}, {"small", 100}}, compare);
}
