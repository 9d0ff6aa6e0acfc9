// SPDX-License-Identifier: GPL-2.0
//
// usage: Echo serve|ask ADDRESS PORT
//
// One selector serves all channels. The server sends back what comes; the client sends a
// stream on each channel, compares what it gets, and ends its direction.

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.Random;

class Echo {
	static final int CLIENTS = 20;
	static final int LENGTH = 300000;

	// What came and was not sent back yet.
	static class Pending {
		final ByteBuffer buffer = ByteBuffer.allocate(16384);
		boolean ended;
	}

	static void serve(InetSocketAddress address) throws IOException {
		Selector selector = Selector.open();
		ServerSocketChannel server = ServerSocketChannel.open();

		server.bind(address, 100).configureBlocking(false);
		server.register(selector, SelectionKey.OP_ACCEPT);
		for (;;) {
			selector.select();
			for (SelectionKey key : selector.selectedKeys()) {
				if (key.isAcceptable())
					accept(server, selector);
				else
					echo(key);
			}
			selector.selectedKeys().clear();
		}
	}

	static void accept(ServerSocketChannel server, Selector selector)
			throws IOException {
		SocketChannel channel = server.accept();

		if (channel == null)
			return;
		channel.configureBlocking(false);
		channel.register(selector, SelectionKey.OP_READ, new Pending());
	}

	static void echo(SelectionKey key) {
		SocketChannel channel = (SocketChannel) key.channel();
		Pending p = (Pending) key.attachment();

		try {
			if (!p.ended && channel.read(p.buffer) < 0)
				p.ended = true;
			p.buffer.flip();
			channel.write(p.buffer);
			p.buffer.compact();
			if (p.ended && p.buffer.position() == 0) {
				channel.close();
				return;
			}
			int ops = p.buffer.position() > 0 ? SelectionKey.OP_WRITE : 0;
			if (!p.ended && p.buffer.hasRemaining())
				ops |= SelectionKey.OP_READ;
			key.interestOps(ops);
		} catch (IOException e) {
			key.cancel();
			try {
				channel.close();
			} catch (IOException again) {
				return;
			}
		}
	}

	static class Client {
		final byte[] sent = new byte[LENGTH];
		final ByteBuffer out = ByteBuffer.wrap(sent);
		final ByteBuffer got = ByteBuffer.allocate(LENGTH + 1);
		boolean shut;

		Client(Random random) {
			random.nextBytes(sent);
		}

		// Is this the end?
		boolean go(SelectionKey key) throws IOException {
			SocketChannel channel = (SocketChannel) key.channel();

			if (key.isConnectable()) {
				channel.finishConnect();
				key.interestOps(SelectionKey.OP_READ |
						SelectionKey.OP_WRITE);
				return false;
			}
			if (!shut) {
				channel.write(out);
				if (!out.hasRemaining()) {
					channel.shutdownOutput();
					shut = true;
					key.interestOps(SelectionKey.OP_READ);
				}
			}
			if (channel.read(got) >= 0)
				return false;
			got.flip();
			if (!got.equals(ByteBuffer.wrap(sent)))
				throw new IOException("other bytes, or not all");
			channel.close();
			return true;
		}
	}

	static void ask(InetSocketAddress address) throws IOException {
		Selector selector = Selector.open();
		Random random = new Random();
		int left = CLIENTS;

		for (int i = 0; i < CLIENTS; i++) {
			SocketChannel channel = SocketChannel.open();

			channel.configureBlocking(false);
			channel.connect(address);
			channel.register(selector, SelectionKey.OP_CONNECT,
					 new Client(random));
		}
		while (left > 0) {
			selector.select();
			for (SelectionKey key : selector.selectedKeys())
				if (((Client) key.attachment()).go(key))
					left--;
			selector.selectedKeys().clear();
		}
		System.out.println(CLIENTS + " channels had all bytes back");
	}

	public static void main(String[] args) throws IOException {
		InetSocketAddress address =
			new InetSocketAddress(args[1], Integer.parseInt(args[2]));

		if (args[0].equals("serve"))
			serve(address);
		else
			ask(address);
	}
}
