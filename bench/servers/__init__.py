"""The servers that are compared: Depesche and its peers, each started in a folder of its own and gone afterwards."""
