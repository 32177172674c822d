package io.pythia.interop

import io.pythia.Message
import io.pythia.interop.Orders.TillClosedException
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.asFlow
import kotlinx.coroutines.flow.buffer
import kotlinx.coroutines.flow.count
import kotlinx.coroutines.flow.map
import kotlinx.coroutines.future.await
import kotlinx.coroutines.jdk9.asFlow
import kotlinx.coroutines.jdk9.asPublisher
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withContext
import org.assertj.core.api.Assertions.assertThat
import org.junit.jupiter.api.AfterEach
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.Timeout

@Timeout(120)
class KotlinFlowTest {
    private val orders = Orders()
    private val consumer = orders.consumer()
    private val producer = orders.producer()

    @AfterEach
    fun close() = orders.close()

    private suspend fun bill(order: Message) = withContext(Dispatchers.IO) { orders.bill(order) }

    @Test
    fun flow_billsEachOrder_alsoTheRefusedOnes() = runBlocking {
        orders.sendAll()

        // tag::kotlin[]
        val messages: Flow<Message> = consumer.consume().asFlow()
        messages.buffer(16).collect { order ->
            try {
                bill(order)
                order.ack().await()
            } catch (e: TillClosedException) {
                order.nack()
            }
        }
        // end::kotlin[]

        orders.assertAllSettled()
    }

    @Test
    fun sendAll_ofAFlow_sendsEachOrder() = runBlocking {
        // tag::kotlin-send[]
        val messages: Flow<Message> = (1..200).asFlow().map { number -> Message.of("order $number") }
        val sent = producer.sendAll(messages.asPublisher()).asFlow().count()
        // end::kotlin-send[]

        assertThat(sent).isEqualTo(Orders.COUNT)
        Unit
    }
}
