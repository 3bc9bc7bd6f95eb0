import Foundation
import Testing
import VedetteRuntime

@Suite struct ConfigurationReportTests {
    private func report() throws -> InventoryReport {
        InventoryReport(try loadedConfiguration(configurationText("outputs: {late: null}")))
    }

    @Test func theTableHasEverything() throws {
        let table = try report().table()
        for line in [
            "  risk   1         1          fraud-team  sec-team", "  decisions  decisions  json", "  late          (off)", "  alerts        shop.alerts", "  country",
            "  24h     1d    1h   0s", "  panes                    1m for 2h, 5m for 2h, 1h for 35d, 1d for 120d",
        ] {
            #expect(table.contains("\n\(line)\n"), "\(line)")
        }
        #expect(table.contains("missing_features_1h     P0        1h      overall  previous window      max_rate 0.05, min_increase 0.05"))
        #expect(!table.contains("LABEL SOURCE"))
        #expect(table.split(separator: "\n").allSatisfy { !$0.hasSuffix(" ") })
    }

    @Test func theTableHasTheBreakers() throws {
        let breakers = """
            breakers:
              - {id: blind, alerts: [{monitors: [missing_features], severity: P0}, {severity: P1}]}
              - {id: rates, slices: all, metrics: [{metric: fraud_rate, window: 24h, above: 2%}], instead_of: block, do: escalate, min_open: 1h}
            """
        let report = InventoryReport(try loadedConfiguration(configurationText(breakers)))
        let table = report.table()
        for line in [
            "  BREAKER  SLICES   OPENS ON                                INSTEAD OF  DO         FOR AT LEAST",
            "  blind    overall  missing_features at P0; any alert at P1  allow       challenge  30m",
            "  rates    all      fraud_rate of 24h above 0.02             block       escalate   1h",
        ] {
            #expect(table.split(separator: "\n").contains { $0.split(separator: " ") == line.split(separator: " ") }, "\(line)\n\(table)")
        }
        #expect(report.breakers.map(\.models) == [["risk"], ["risk"]])
    }

    @Test func theTableHasWhatWatchesTheStream() throws {
        let more = """
            detectors: [{detector: probing}]
            policy:
              rules:
                - {name: sure-blocks, never: score > 0.9 and decision == allow}
                - {name: automation, max_share: {of: 'decision in [allow, block]', share: 95%, period: 1d}}
            """
        let table = InventoryReport(try loadedConfiguration(configurationText(more))).table()
        for words in [
            ["probing", "its", "own", "who", "is", "studying", "the", "model"], ["sure-blocks", "P0", "never:", "(score", ">", "0.9", "and", "decision", "==", "allow)"],
            ["automation", "P2", "at", "most", "0.95", "of", "these", "in", "1d:", "decision", "in", "[allow,", "block]"],
        ] {
            #expect(table.split(separator: "\n").contains { $0.split(separator: " ").map(String.init) == words }, "\(words)\n\(table)")
        }
    }

    @Test func theJSONHasTheSame() throws {
        let report = try report()
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        let read = try decoder.decode(InventoryReport.self, from: Data(report.json().utf8))
        #expect(read.models == report.models)
        #expect(read.windows == report.windows)
        #expect(read.monitors.map(\.id) == report.monitors.map(\.id))
        #expect(read.outputs == report.outputs)
        #expect(report.json() == report.json())
        #expect(report.json().contains("\"join_retention\" : \"120d\""))
    }

    @Test func theReferenceHasARowPerKey() {
        let markdown = ConfigurationReference.markdown()
        let keys = markdown.prefix(upTo: markdown.firstRange(of: "Without `monitors`")?.lowerBound ?? markdown.endIndex)
        let rows = keys.split(separator: "\n").filter { $0.hasPrefix("| `") }
        #expect(rows.count == ConfigurationKey.all.count)
        // A `|` in a cell would shift the columns.
        for row in rows { #expect(row.replacing("\\|", with: "").count { $0 == "|" } == 7, "\(row)") }
        #expect(markdown.contains("| `time.out_of_orderness` | duration | `ms` `s` `m` `h` `d` `w` | `5s` | 0s to 1d |"))
        #expect(markdown.contains("| `application` | name |  | **required** |"))
        #expect(markdown.hasSuffix("\n"))
    }
}
