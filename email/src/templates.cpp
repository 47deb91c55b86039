#include <infra/email/templates.hpp>

#include "ascii.hpp"
#include "template/load.hpp"
#include "template/locate.hpp"

#include <infra/base/error.hpp>
#include <infra/email/error.hpp>

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>

namespace infra::email {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t most_files = 10'000;
constexpr int deepest_folder = 8;
constexpr std::string_view template_ending = ".md";

bool names_template(std::string_view name, std::string_view locale) {
    try {
        candidates(name, locale);
        return true;
    } catch (const error&) {
        return false;
    }
}

// Of "pt-BR/welcome" the locale "pt-BR".
std::string_view locale_of(std::string_view path) {
    const auto folder = path.substr(0, std::min(path.find('/'), path.size()));
    const bool language = folder.size() != path.size() && folder.size() >= 2 && is_letter(folder[0]) &&
                          is_letter(folder[1]) && (folder.size() == 2 || folder[2] == '-');
    return language && names_template("t", folder) ? folder : std::string_view();
}

using found_templates = std::map<std::string, std::set<std::string>>;

void add(found_templates& to, std::string path) {
    if (!path.ends_with(template_ending) || path.starts_with("layouts/"))
        return;
    path.resize(path.size() - template_ending.size());
    const std::string locale(locale_of(path));
    const auto name = path.substr(locale.empty() ? 0 : locale.size() + 1);
    if (names_template(name, locale))
        to[name].insert(locale);
}

} // namespace

std::vector<listed_template> list_templates(const std::string& directory) {
    std::error_code ec;
    fs::recursive_directory_iterator each(directory, ec);
    if (ec == std::errc::no_such_file_or_directory || ec == std::errc::not_a_directory)
        throw error(errc::no_template, "no directory of templates " + directory + "; make it, or name another");
    found_templates found;
    for (std::size_t seen = 0; !ec && each != fs::recursive_directory_iterator() && seen < most_files;
         ++seen, each.increment(ec)) {
        if (each.depth() >= deepest_folder)
            each.disable_recursion_pending();
        std::error_code gone;
        if (each->is_regular_file(gone))
            add(found, each->path().lexically_relative(directory).generic_string());
    }
    if (ec)
        throw error(infra::errc::io, "cannot read " + directory + ": " + ec.message());
    std::vector<listed_template> all;
    for (auto& [name, locales] : found)
        all.push_back({name, {locales.begin(), locales.end()}});
    return all;
}

std::optional<template_sample> find_sample(const std::string& directory, std::string_view name,
                                           std::string_view locale) {
    for (const auto& each : candidates(name, locale)) {
        auto path = directory + "/" + each.path.substr(0, each.path.size() - template_ending.size()) + ".json";
        if (!is_there(path))
            continue;
        auto data = json::parse<json::object>(file_text(path));
        if (!data)
            throw error(errc::bad_template, "the sample data " + path + ": " + json::to_string(data.error()));
        return template_sample{std::move(path), std::move(*data)};
    }
    return std::nullopt;
}

} // namespace infra::email
