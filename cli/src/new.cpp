#include "new/skeleton.hpp"

#include "frame.hpp"
#include "shell_word.hpp"
#include "verbs.hpp"

#include <infra/base/error.hpp>

#include <boost/json/array.hpp>

#include <filesystem>
#include <fstream>
#include <memory>

namespace infra::cli {
namespace {

namespace fs = std::filesystem;

struct new_words {
    std::string name;
    std::string directory;
};

// `cd -shop` would be an option.
std::string path_to_type(const std::string& folder) {
    return shell_word(folder.starts_with('-') ? "./" + folder : folder);
}

std::vector<std::string> commands(const std::string& name, const std::string& folder) {
    return {"cd " + path_to_type(folder),
            "cmake -B build -G Ninja -DCMAKE_CXX_COMPILER=clang++-19 && cmake --build build", "ctest --test-dir build",
            "build/" + name};
}

bool holds_something(const fs::path& folder) {
    std::error_code ec;
    return fs::exists(folder, ec) && (!fs::is_directory(folder, ec) || !fs::is_empty(folder, ec));
}

void write(const fs::path& folder, const skeleton_file& file) {
    const auto path = folder / file.path;
    std::error_code told_below;
    fs::create_directories(path.parent_path(), told_below);
    std::ofstream to(path, std::ios::binary);
    if (!(to << file.text).flush())
        throw error(errc::io, path.string() + " cannot be written; see permissions and room on the disk");
}

void tell(const new_words& words, const std::vector<skeleton_file>& files, const output& to) {
    std::string text = "made " + words.directory + ":";
    boost::json::array paths, next;
    for (const auto& each : files) {
        text += "\n  " + each.path;
        paths.emplace_back(each.path);
    }
    text += "\n\nnext:";
    for (const auto& each : commands(words.name, words.directory)) {
        text += "\n  " + each;
        next.emplace_back(each);
    }
    to.print(
        text,
        {{"name", words.name}, {"directory", words.directory}, {"files", std::move(paths)}, {"next", std::move(next)}});
}

exit_code make(new_words words, const output& to) {
    if (const auto problem = problem_of_name(words.name); !problem.empty())
        return to.fail(exit_code::usage, problem);
    if (words.directory.empty())
        words.directory = words.name;
    if (holds_something(words.directory))
        return to.fail(exit_code::failed,
                       words.directory +
                           " is there already, and nothing in it is touched; give --directory another one");
    const auto files = skeleton_of(words.name);
    for (const auto& each : files)
        write(words.directory, each);
    tell(words, files, to);
    return exit_code::ok;
}

} // namespace

void add_new(frame& f) {
    const auto words = std::make_shared<new_words>();
    auto& app = f.add({.name = "new",
                       .description = "Makes the skeleton of a service that builds against the installed package.",
                       .examples = {"infra new corner-shop", "infra new shop --directory services/shop"}},
                      [words](const output& to) { return make(*words, to); });
    app.add_option("name", words->name, "Of the service: its program, its target and its folder")
        ->type_name("NAME")
        ->required();
    app.add_option("--directory", words->directory, "Where; default a folder of its name, here")->type_name("DIR");
}

} // namespace infra::cli
