import Testing
import VedetteKafka
import VedetteRuntime

/// What ends a start, and what is waited for.
@Suite struct StartTests {
    private func error(_ code: KafkaErrorCode) -> KafkaError { KafkaError(code: code, message: "m", operation: "o") }

    private func ending(_ code: KafkaErrorCode, after seconds: Double) -> (any Error)? {
        TopicPatience(since: 100).ending(error(code), topic: "t", section: "inputs", now: 100 + seconds)
    }

    @Test("A topic that is not known may just have been made, for some seconds")
    func unknown() {
        #expect(ending(.unknownTopicOrPartition, after: 0) == nil)
        #expect(ending(.unknownTopicOrPartition, after: TopicPatience.madeJustNowSeconds - 0.1) == nil)
        #expect((ending(.unknownTopicOrPartition, after: TopicPatience.madeJustNowSeconds) as? SetupError)?.what == "topic t does not exist")
    }

    @Test("Rights are not waited for, and the error says whose they are")
    func rights() {
        #expect((ending(.topicAuthorizationFailed, after: 0) as? SetupError)?.what.contains("topic t") == true)
        for code in [KafkaErrorCode.clusterAuthorizationFailed, .groupAuthorizationFailed, .invalidTopic] { #expect(ending(code, after: 0) is KafkaError) }
        for code in [KafkaErrorCode.leaderNotAvailable, .timedOut, .transport] { #expect(ending(code, after: 1_000) == nil) }
    }

    @Test("Progress is whole where it ended when whoever wrote before was fenced off, not where an open transaction begins")
    func progress() throws {
        let partition = TopicPartition("p", 0)
        var way = ProgressWay(to: 12, since: 0)
        // The end that a reader of committed records is told of.
        way.reach(7)
        #expect(!way.isWhole)
        #expect(try way.reasonToWait(partition, now: 1) == nil)
        #expect(try way.reasonToWait(partition, now: 3)?.contains("7 of 12") == true)
        #expect(throws: SetupError.self) { try way.reasonToWait(partition, now: ProgressWay.longestSeconds) }
        way.reach(13)
        way.reach(12)
        #expect(way.isWhole)
        #expect(try way.reasonToWait(partition, now: ProgressWay.longestSeconds) == nil)
    }
}
