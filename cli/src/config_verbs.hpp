#pragma once

// `infra config`, a file for each verb.

#include "frame.hpp"

#include <infra/app/dotenv.hpp>
#include <infra/runtime/environment.hpp>

#include <functional>
#include <memory>
#include <string>

namespace infra::cli {

/// Whose settings are meant.
struct config_place {
    std::string env_file;
    bool ignores_process = false;
};

void add_config_options(CLI::App& to, config_place& place);

/// What a service would be started with.
struct configuration {
    environment process;
    std::string file; ///< that was read beneath it; empty: none was
    app::dotenv beside{};

    environment all() const;
};

/// Without `--env-file` that is `.env`, under the rules of a service: not in production. Throws infra::errc::invalid_input for a file that
/// was named and is not there.
configuration configuration_of(const config_place& place, const environment& process);

using configured_act = std::function<exit_code(const configuration&, const output&)>;

/// What cannot be read is told, and becomes an exit code.
exit_code with_configuration(const config_place& place, const output& to, const configured_act& act);

/// The word `config`, on which the verbs hang.
struct config_group {
    frame& to;
    CLI::App& app;
    std::shared_ptr<config_place> place;

    CLI::App& add(verb v, configured_act act) const;
};

void add_config_check(const config_group& to);
void add_config_docs(const config_group& to);
void add_config_show(const config_group& to);

} // namespace infra::cli
