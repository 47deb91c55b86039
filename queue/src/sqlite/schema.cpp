#include "schema.hpp"

#include "migrations.hpp"

namespace infra::queue::sqlite {
namespace {

int version_of(database& db) {
    {
        query there(db, "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'infra_queue'");
        if (!there.step())
            return 0;
    }
    query stored(db, "SELECT schema_version FROM infra_queue");
    return stored.step() ? static_cast<int>(stored.integer(0)) : 0;
}

void refuse_newer(int version, const database& db) {
    if (version > schema_version)
        throw error(errc::incompatible, "the queue's file " + db.file().string() +
                                            " was written by a newer version of this library (schema " +
                                            std::to_string(version) + ", this one knows up to " +
                                            std::to_string(schema_version) +
                                            "); run that version, or name another file. Nothing was changed");
}

} // namespace

void refuse_newer_schema(database& db) { refuse_newer(version_of(db), db); }

void prepare_schema_inside(database& db) {
    const int version = version_of(db);
    refuse_newer(version, db);
    if (version == schema_version)
        return;
    for (int v = version; v < schema_version; ++v)
        migrate(db, v);
    query(db, "UPDATE infra_queue SET schema_version = ?1").bind(schema_version).run();
}

void prepare_schema(database& db) {
    const int seen = version_of(db);
    refuse_newer(seen, db);
    if (seen == schema_version)
        return;
    db.execute("BEGIN IMMEDIATE");
    try {
        prepare_schema_inside(db); // looks again, now that nobody else can migrate
        db.execute("COMMIT");
    } catch (...) {
        if (db.in_transaction())
            db.execute("ROLLBACK");
        throw;
    }
}

} // namespace infra::queue::sqlite
