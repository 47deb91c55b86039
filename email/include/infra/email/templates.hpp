#pragma once

/// The templates of a directory, and data to try them with.
///
///     for (const auto& each : email::list_templates("emails")) show(each.name, each.locales);
///     auto sample = email::find_sample("emails", "welcome");          // emails/welcome.json, if there is one
///
/// All block on the disk: a loop has them done by a blocking_pool.

#include <infra/base/json.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace infra::email {

struct listed_template {
    std::string name{};
    std::vector<std::string> locales{}; ///< sorted; "" is the file without one
    friend bool operator==(const listed_template&, const listed_template&) = default;
};

/// All templates, by name. A folder is a locale's if it is called like one, `de` or `pt-BR`: a language of two letters, perhaps with
/// more behind hyphens. Layouts and names that no template can have are left out; so is what is beyond 10,000 files or
/// eight folders deep. Throws errc::no_template for a directory that is not there, infra::errc::io for one that cannot be read.
std::vector<listed_template> list_templates(const std::string& directory);

struct template_sample {
    std::string path{};
    json::object data{};
};

/// The data beside a template: the first that is there of `<locale>/<name>.json` and so on, in the order in which templates
/// are looked for. Throws infra::errc::invalid_input for a name or locale that cannot be one, errc::bad_template for a
/// file that is no JSON object or over 1 MiB, infra::errc::io for one that cannot be read.
std::optional<template_sample> find_sample(const std::string& directory, std::string_view name,
                                           std::string_view locale = {});

} // namespace infra::email
