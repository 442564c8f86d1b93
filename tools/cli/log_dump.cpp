#include <fmt/format.h>

#include "storage/posix_disk/posix_disk.h"
#include "tools/cli/command.h"
#include "tools/cli/report.h"
#include "tools/dump/dump.h"

namespace hw::cli {
namespace {

constexpr std::string_view kName = "log dump";
constexpr std::string_view kHelp =
    R"(Usage: hw log dump [OPTIONS] FILE...

Prints files of a log, one after the other, in the format of Kafka's kafka-dump-log.sh. What is
printed depends on the suffix of the name:

  .log         record batches and their records; those of __cluster_metadata-0 as JSON
  .checkpoint  the batches and records of a snapshot of the metadata, as JSON
  .index       offset and position of each entry
  .timeindex   timestamp and offset of each entry
  .snapshot    the state of each producer

Batches with damaged records are skipped, other damage ends the output; an error says what is wrong,
and where. The command only reads, so a broker may be running; the end of its newest segment
may be incomplete.
In the examples, "data" is the data directory of a broker that has a topic "orders".

Examples:
  hw log dump data/orders-0/00000000000000000000.log
  hw log dump --no-records data/orders-0/*.log
  hw log dump data/orders-0/*.index data/orders-0/*.timeindex
  hw log dump data/__cluster_metadata-0/*.log
  cp data/__cluster_metadata-0/00000000000000000000.log copied.log
  hw log dump --metadata copied.log
)";

/// Prints lines to standard output and remarks to standard error.
class StandardOutput final : public dump::DumpOutput {
public:
    void line(std::string_view text) override { fmt::print("{}\n", text); }
    void remark(std::string_view text) override { cli::remark(fmt::format("{}\n", text)); }
};

ExitCode run(const Arguments& arguments) {
    dump::DumpOptions options;
    options.with_records = !arguments.has("no-records");
    if (arguments.has("metadata")) {
        options.values = dump::ValueFormat::metadata;
    }
    storage::PosixDisk disk;
    StandardOutput output;
    Tally tally(kName);
    for (const std::string& file : arguments.operands()) {
        if (const auto dumped = dump::dump_file(disk, file, options, output); dumped) {
            tally.succeed();
        } else {
            tally.fail(dumped.error());
        }
    }
    return tally.exit_code();
}

}  // namespace

Command log_dump() {
    return {
        .spec = {.name = kName,
                 .summary = "print the files of a log, as Kafka's kafka-dump-log.sh does",
                 .help = kHelp,
                 .options = {{.name = "no-records",
                              .help = "print the batches without their records"},
                             {.name = "metadata",
                              .help = "print the records of a .log as metadata, in any folder"}},
                 .operands = {"FILE", 1, Operands::kAny}},
        .run = run};
}

}  // namespace hw::cli
