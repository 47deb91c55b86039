#include "skeleton.hpp"

#include <algorithm>
#include <array>

namespace infra::cli {
namespace {

constexpr std::size_t longest = 50;

// Targets of CMake's own and programs of ours; folders and files of the build.
constexpr std::array taken{"all",       "build_tests", "clean",         "depend",        "edit_cache",
                           "help",      "infra",       "install",       "package",       "test",
                           "cmake_pch", "preinstall",  "rebuild_cache", "package_source"};

bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_usual(char c) { return is_lower(c) || (c >= '0' && c <= '9') || c == '-' || c == '_'; }

} // namespace

std::string problem_of_name(std::string_view name) {
    if (name.empty() || name.size() > longest || !is_lower(name.front()) || !std::ranges::all_of(name, is_usual) ||
        !(is_lower(name.back()) || (name.back() >= '0' && name.back() <= '9')))
        return "a name begins with a letter from a to z, goes on with those, digits, '-' and '_', ends with a letter "
               "or digit, "
               "and has at most 50 of them: corner-shop";
    if (std::ranges::find(taken, name) != taken.end() || name.ends_with("_tests"))
        return "'" + std::string(name) + "' means something to CMake or to this project; take another name";
    return {};
}

} // namespace infra::cli
