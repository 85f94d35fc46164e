Console.WriteLine("rtmatch");
