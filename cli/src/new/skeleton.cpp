#include "skeleton.hpp"

#include "../config_docs.hpp"
#include "files.hpp"

#include <algorithm>

namespace infra::cli {
namespace {

// Those that a service begins with; the others stand below, commented out.
constexpr std::string_view settings_to_begin_with =
    R"(# Copied to .env, this is read in development. In production the same names are set for the process.

PORT=3000
EMAIL_FROM="@name@ <hello@example.com>"
LOG_LEVEL=info

)";

std::string replaced(std::string text, std::string_view what, std::string_view by) {
    for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + by.size()))
        text.replace(at, what.size(), by);
    return text;
}

// CMake asks for a version by its first two numbers.
std::string wanted_version() {
    const std::string_view version = INFRA_VERSION;
    return std::string(version.substr(0, version.find('.', version.find('.') + 1)));
}

std::string example_of_settings() {
    auto others = settings_of();
    std::erase_if(others, [](const auto* each) {
        return settings_to_begin_with.find("\n" + std::string(each->name) + "=") != std::string_view::npos;
    });
    return std::string(settings_to_begin_with) + dotenv_of(others);
}

} // namespace

std::vector<skeleton_file> skeleton_of(const std::string& name) {
    using namespace skeleton;
    std::vector<skeleton_file> files{
        {".clang-format", std::string(clang_format)},
        {".dockerignore", std::string(dockerignore)},
        {".env.example", example_of_settings()},
        {".gitignore", std::string(gitignore)},
        {"CMakeLists.txt", std::string(CMakeLists_txt)},
        {"Dockerfile", std::string(Dockerfile)},
        {"README.md", std::string(README_md)},
        {"emails/welcome.json", std::string(welcome_json)},
        {"emails/welcome.md", std::string(welcome_md)},
        {"src/main.cpp", std::string(main_cpp)},
        {"src/signup.cpp", std::string(signup_cpp)},
        {"src/signup.hpp", std::string(signup_hpp)},
        {"tests/signup_test.cpp", std::string(signup_test_cpp)},
    };
    for (auto& each : files)
        each.text = replaced(replaced(std::move(each.text), "@name@", name), "@infra@", wanted_version());
    return files;
}

} // namespace infra::cli
