#include "config_verbs.hpp"
#include "verbs.hpp"

#include <infra/base/error.hpp>
#include <infra/runtime/environment_layers.hpp>

#include <filesystem>

namespace infra::cli {

void add_config_options(CLI::App& to, config_place& place) {
    to.add_option("--env-file", place.env_file,
                  "Variables that the process was not started with; default .env, as services read it in development")
        ->type_name("FILE");
    to.add_flag("-i,--ignore-environment", place.ignores_process, "Only those of the file");
}

environment configuration::all() const { return over(process, beside.values); }

configuration configuration_of(const config_place& place, const environment& process) {
    configuration made{.process = place.ignores_process ? environment() : process,
                       .file = place.env_file.empty() ? ".env" : place.env_file};
    std::error_code ignored;
    if (!std::filesystem::exists(made.file, ignored)) {
        if (!place.env_file.empty())
            throw error(errc::invalid_input, "there is no file " + place.env_file + " to read variables from");
        made.file.clear();
    } else if (!place.env_file.empty())
        made.beside = app::read_env_file(made.file);
    else
        made.beside = app::read_dotenv(made.process, made.file);
    return made;
}

exit_code with_configuration(const config_place& place, const output& to, const configured_act& act) {
    try {
        return act(configuration_of(place, environment::of_process()), to);
    } catch (const error& e) {
        return to.fail(e.code() == errc::invalid_input ? exit_code::not_found : exit_code::failed, e.what());
    }
}

CLI::App& config_group::add(verb v, configured_act act) const {
    return to.add(
        std::move(v),
        [place = place, act = std::move(act)](const output& o) { return with_configuration(*place, o, act); }, &app);
}

void add_config(frame& f) {
    auto& app = f.add_group({.name = "config",
                             .description = "Checks, shows and explains the settings of a service.",
                             .examples = {"infra config check --env-file production.env", "infra config show",
                                          "infra config docs --format env > .env.example"}});
    const config_group group{f, app, std::make_shared<config_place>()};
    add_config_check(group);
    add_config_docs(group);
    add_config_show(group);
}

} // namespace infra::cli
