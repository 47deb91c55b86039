#pragma once

/// What the benchmarks of all rooms share: arguments, medians, where peers are, and a table with a line for programs to each
/// of its own.
///
///     int compare(const arguments& a) {
///         report to(a);
///         to.add({"logging.caller", median(mine), "ns", "spdlog", median(theirs)});
///         return 0;
///     }
///     int main(int count, char** values) { return infra::bench::run(count, values, {{"rounds", 5}}, compare); }

#include <infra/base/json.hpp>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace infra::bench {

/// By name, and what they are unless they are given.
using numbers = std::map<std::string, int, std::less<>>;

/// `--json FILE`, and each number from 1 on: `--rounds 7`. Whoever gives others is shown the usage, and the program ends.
class arguments {
public:
    arguments(int count, char** values, numbers known) : numbers_(std::move(known)) {
        const std::vector<std::string> given(values + 1, values + count);
        for (std::size_t i = 0; i < given.size(); i += 2) {
            const auto number = numbers_.find(given[i].starts_with("--") ? given[i].substr(2) : "");
            if (i + 1 == given.size() || (given[i] != "--json" && number == numbers_.end()))
                show_usage(values[0]);
            else if (given[i] == "--json")
                json_ = given[i + 1];
            else
                number->second = std::max(1, std::atoi(given[i + 1].c_str()));
        }
    }

    int operator[](std::string_view name) const { return numbers_.find(name)->second; }
    const std::string& json() const noexcept { return json_; }

private:
    [[noreturn]] void show_usage(const char* program) const {
        std::cerr << std::filesystem::path(program).filename().string() << " [--json FILE]";
        for (const auto& [name, fallback] : numbers_)
            std::cerr << " [--" << name << " N]";
        std::cerr << '\n';
        std::exit(2);
    }

    numbers numbers_;
    std::string json_;
};

/// 0 of none.
inline double median(std::vector<double> values) {
    if (values.empty())
        return 0;
    std::ranges::sort(values);
    const auto middle = values.size() / 2;
    return values.size() % 2 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

enum class better { less, more };

struct row {
    std::string name;
    double ours = 0;
    std::string unit{};
    std::string peer{};
    double theirs = 0; ///< 0: there is no peer
    better is = better::less;
    std::string wanted{}; ///< what the ratio, or the value, is meant to be
};

/// Prints rows as they are added, and appends them as JSON to the file that was asked for. A ratio above 1 always means that
/// ours is better.
class report {
public:
    explicit report(const arguments& a) {
        if (!a.json().empty())
            file_.open(a.json(), std::ios::app);
        std::printf("%-50s %10s %-12s %22s %10s %8s\n", "", "ours", "", "peer", "peer's", "ratio");
    }

    void add(const row& r) {
        const auto wanted = r.wanted.empty() ? "" : "  wanted " + r.wanted;
        std::printf("%-50s %10.2f %-12s", r.name.c_str(), r.ours, r.unit.c_str());
        if (r.theirs == 0 || r.ours == 0)
            return void(std::printf("%s\n", wanted.c_str()));
        const auto ratio = r.is == better::less ? r.theirs / r.ours : r.ours / r.theirs;
        std::printf(" %22s %10.2f %8.2f%s\n", r.peer.c_str(), r.theirs, ratio, wanted.c_str());
        std::fflush(stdout);
        if (file_.is_open())
            file_ << json::to_text(json::value{{"name", r.name},
                                               {"ours", r.ours},
                                               {"unit", r.unit},
                                               {"peer", r.peer},
                                               {"peer_value", r.theirs},
                                               {"ratio", ratio}})
                  << '\n';
    }

private:
    std::ofstream file_;
};

/// The folder of a peer's package.json: above the working directory or above this program.
inline std::optional<std::filesystem::path> peers_folder(const std::string& room) {
    namespace fs = std::filesystem;
    for (auto from : {fs::current_path(), fs::read_symlink("/proc/self/exe").parent_path()})
        for (; from != from.root_path(); from = from.parent_path())
            if (fs::exists(from / "peers" / room / "package.json"))
                return from / "peers" / room;
    return std::nullopt;
}

/// The same, with the package in it, which is installed first if it must be.
inline std::optional<std::filesystem::path> peers_folder_with(const std::string& package, const std::string& room) {
    const auto folder = peers_folder(room);
    const auto is_there = [&] { return std::filesystem::exists(*folder / "node_modules" / package); };
    if (!folder || is_there())
        return folder;
    const auto install = "cd '" + folder->string() + "' && npm ci --silent >/dev/null 2>&1";
    return std::system(install.c_str()) == 0 && is_there() ? folder : std::nullopt;
}

/// A benchmark's main().
inline int run(int count, char** values, numbers known, int (*compare)(const arguments&)) try {
    return compare(arguments(count, values, std::move(known)));
} catch (const std::exception& e) {
    std::cerr << std::filesystem::path(values[0]).filename().string() << ": " << e.what() << '\n';
    return 1;
}

} // namespace infra::bench
