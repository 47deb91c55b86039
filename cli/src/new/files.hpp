#pragma once

/// The files of `cli/skeleton`, compiled in.

#include <string_view>

namespace infra::cli::skeleton {

extern const std::string_view CMakeLists_txt;
extern const std::string_view Dockerfile;
extern const std::string_view README_md;
extern const std::string_view clang_format;
extern const std::string_view dockerignore;
extern const std::string_view gitignore;
extern const std::string_view main_cpp;
extern const std::string_view signup_cpp;
extern const std::string_view signup_hpp;
extern const std::string_view signup_test_cpp;
extern const std::string_view welcome_json;
extern const std::string_view welcome_md;

} // namespace infra::cli::skeleton
